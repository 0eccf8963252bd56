// Keys for other services: the same rules as the API, in the name of whoever the service works for.

import type { Clock } from '../../base/clock.ts';
import type { DataKeyRequest, DecryptRequest, Encryption, EncryptRequest, KeyUser } from '../../ports/encryption.ts';
import { accessOf, type Asker, type KeyUse } from './access.ts';
import { checkContext } from './domain/encryptionContext.ts';
import { requireEnabled } from './domain/keyState.ts';
import { errors } from './errors.ts';
import { existing, findKey, requireManagedKey, type ExistingKey, type FoundKey, type KmsDeps } from './keys.ts';
import { plaintextBytesMax } from './limits.ts';
import { decryptWith, encryptWith, findKeyOf, isOf, requireCiphertext } from './use.ts';

/** The port `Encryption`. */
export function createEncryption(deps: KmsDeps & { readonly clock: Clock }): Encryption {
  const { store, clock, random } = deps;

  async function find(keyId: string | undefined, user: KeyUser): Promise<FoundKey> {
    const scope = { account: user.account, region: user.region };
    if (keyId === undefined || keyId === `alias/aws/${user.service}`) return await requireManagedKey(deps, scope, user.service, clock.now());
    return await store.read((tx) => findKey(tx, scope, keyId, { nowMs: clock.now(), aliases: true }));
  }

  /** Asks for permission in the caller's name; a service that acts by itself has it already. */
  async function authorise(key: FoundKey, user: KeyUser, use: KeyUse): Promise<void> {
    if (user.authorise === undefined) return;
    const asker: Asker = { account: user.account, region: user.region, nowMs: clock.now(), caller: user.caller, viaService: user.service };
    await user.authorise(await store.read((tx) => accessOf(tx, asker, key, { grantOperation: use.action, ...use })));
  }

  const note = ({ arn }: ExistingKey, operation: string): void => deps.lastUse.note(arn, { operation, atMs: clock.now() });

  /** Only symmetric encryption keys protect what services keep. */
  function requireSymmetric(key: ExistingKey, name: string): ExistingKey {
    requireEnabled(key.row, key.arn, clock.now());
    if (key.row.usage !== 'ENCRYPT_DECRYPT') throw errors.wrongUsage(key.arn, key.row.usage, name);
    if (key.row.spec !== 'SYMMETRIC_DEFAULT') throw errors.wrongSpec(key.arn, key.row.spec, name);
    return key;
  }

  async function usable(keyId: string | undefined, user: KeyUser, use: KeyUse): Promise<ExistingKey> {
    const key = await find(keyId, user);
    await authorise(key, user, use);
    return requireSymmetric(existing(key), use.action);
  }

  return {
    async encrypt({ keyId, plaintext, context, user }: EncryptRequest) {
      if (plaintext.length > plaintextBytesMax) throw errors.validation(`Value at 'plaintext' is longer than ${plaintextBytesMax} bytes.`);
      const key = await usable(keyId, user, { action: 'Encrypt', context: checkContext(context) });
      note(key, 'Encrypt');
      return { ciphertext: await encryptWith(deps, key, 'SYMMETRIC_DEFAULT', plaintext, context), keyArn: key.arn };
    },
    async decrypt({ ciphertext: blob, context, user }: DecryptRequest) {
      const ciphertext = requireCiphertext(blob);
      const scope = { account: user.account, region: user.region };
      const key = await store.read((tx) => findKeyOf(tx, scope, ciphertext, clock.now()));
      await authorise(key, user, { action: 'Decrypt', context });
      const found = requireSymmetric(existing(key), 'Decrypt');
      if (!isOf(ciphertext, found)) throw errors.invalidCiphertext();
      const plaintext = await decryptWith(deps, found, ciphertext, context);
      note(found, 'Decrypt');
      return { plaintext, keyArn: found.arn };
    },
    async generateDataKey({ keyId, context, user }: DataKeyRequest) {
      const key = await usable(keyId, user, { action: 'GenerateDataKey', context: checkContext(context) });
      const plaintext = Buffer.from(random.bytes(32));
      note(key, 'GenerateDataKey');
      return { plaintext, ciphertext: await encryptWith(deps, key, 'SYMMETRIC_DEFAULT', plaintext, context), keyArn: key.arn };
    },
    async requireKey(keyId, user) {
      const found = await find(keyId, user);
      // Whether another account has a key is told to nobody who may not look at it.
      if (found.scope.account !== user.account) await authorise(found, user, { action: 'DescribeKey' });
      const key = requireSymmetric(existing(found), 'DescribeKey');
      return { keyArn: key.arn, awsManaged: key.row.manager === 'AWS' };
    },
  };
}
