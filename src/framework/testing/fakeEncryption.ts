import { ServiceError } from '../../base/errors.ts';
import type { DecryptRequest, Encryption, EncryptionContext, KeyUser } from '../../ports/encryption.ts';

export interface FakeEncryption extends Encryption {
  /** Keys of users that exist, by the ids that requests name them with. */
  readonly keys: Set<string>;
  /** Keys that nobody may use. */
  readonly denied: Set<string>;
  /** Every use, in order. */
  readonly uses: { readonly use: 'encrypt' | 'decrypt' | 'data-key'; readonly keyId: string; readonly context: EncryptionContext; readonly user: KeyUser }[];
}

/** For tests of services that encrypt: no secrecy, but the same refusals as KMS gives. */
export function createFakeEncryption(): FakeEncryption {
  const keys = new Set<string>();
  const denied = new Set<string>();
  const uses: FakeEncryption['uses'] = [];

  function require(keyId: string | undefined, user: KeyUser): string {
    const id = keyId ?? `alias/aws/${user.service}`;
    if (denied.has(id)) throw new ServiceError('AccessDeniedException', `not authorized to use ${id}`);
    if (!id.startsWith('alias/aws/') && !keys.has(id)) throw new ServiceError('NotFoundException', `Key '${id}' does not exist`);
    return id;
  }

  const arnOf = (keyId: string, { region, account }: KeyUser): string => `arn:aws:kms:${region}:${account}:${keyId.includes('/') ? keyId : `key/${keyId}`}`;
  const seal = (keyId: string, context: EncryptionContext, bytes: Uint8Array): Uint8Array => {
    const flipped = bytes.map((byte) => byte ^ 0x5a);
    return Buffer.from(JSON.stringify({ keyId, context, bytes: Buffer.from(flipped).toString('base64') }));
  };

  function open({ ciphertext, context, user }: DecryptRequest): { plaintext: Uint8Array; keyArn: string } {
    const sealed = JSON.parse(Buffer.from(ciphertext).toString('utf8')) as { keyId: string; context: EncryptionContext; bytes: string };
    require(sealed.keyId, user);
    if (JSON.stringify(sealed.context) !== JSON.stringify(context)) throw new ServiceError('InvalidCiphertextException', '');
    uses.push({ use: 'decrypt', keyId: sealed.keyId, context, user });
    return { plaintext: Buffer.from(sealed.bytes, 'base64').map((byte) => byte ^ 0x5a), keyArn: arnOf(sealed.keyId, user) };
  }

  return {
    keys,
    denied,
    uses,
    async encrypt({ keyId, plaintext, context, user }) {
      const id = require(keyId, user);
      uses.push({ use: 'encrypt', keyId: id, context, user });
      return { ciphertext: seal(id, context, plaintext), keyArn: arnOf(id, user) };
    },
    decrypt: async (request) => open(request),
    async generateDataKey({ keyId, context, user }) {
      const id = require(keyId, user);
      uses.push({ use: 'data-key', keyId: id, context, user });
      const plaintext = Buffer.alloc(32, uses.length);
      return { plaintext, ciphertext: seal(id, context, plaintext), keyArn: arnOf(id, user) };
    },
    async requireKey(keyId, user) {
      const id = require(keyId, user);
      return { keyArn: arnOf(id, user), awsManaged: id.startsWith('alias/aws/') };
    },
  };
}
