// Secrets that other services keep for their users (user guide, "Secrets managed by other services").

import { hexId, uuid } from '../../base/ids.ts';
import type { Clock } from '../../base/clock.ts';
import type { KeptSecret, SecretKeeper } from '../../ports/secretKeeper.ts';
import { newSuffix, parseSecretId, secretArn } from './domain/secretId.ts';
import { current } from './domain/stages.ts';
import type { SecretsDeps } from './operation.ts';
import { clearSecret, type SecretRow, secrets, setSecret, values } from './store.ts';
import { openContent, ownKeyUser, sealContent } from './values.ts';
import { addVersion } from './versions.ts';

export function createSecretKeeper(deps: SecretsDeps & { readonly clock: Clock }): SecretKeeper {
  const { store, random } = deps;

  async function find(arn: string) {
    const reference = parseSecretId(arn, { account: '', region: '' });
    const [reading] = reference?.readings ?? [];
    if (!reference || !reading) return undefined;
    const scope = reference.place;
    const secret = await store.read((tx) => secrets.get(tx, scope, [reading.name]));
    return secret && secret.suffix === reading.suffix ? { scope, name: reading.name, secret, arn: secretArn(scope, reading.name, secret.suffix) } : undefined;
  }

  return {
    async put({ account, region, name, text, description }: KeptSecret) {
      const scope = { account, region };
      const known = await store.read((tx) => secrets.get(tx, scope, [name]));
      const suffix = known?.suffix ?? newSuffix(random);
      const arn = secretArn(scope, name, suffix);
      const versionId = uuid(random);
      const value = await sealContent({ kind: 'string', bytes: Buffer.from(text) }, { arn, versionId }, undefined, ownKeyUser(scope), deps);
      const nowMs = Math.floor(deps.clock.now());
      await store.transact(async (tx) => {
        const old = await secrets.get(tx, scope, [name]);
        const secret: SecretRow = old ?? { id: hexId(random, 20), suffix, createdAtMs: nowMs, changedAtMs: nowMs, stages: {}, ...(description === undefined ? {} : { description }) };
        setSecret(tx, scope, name, secret);
        await addVersion(tx, { scope, name, arn, secret }, { versionId, value, kmsKeyId: undefined, labels: [current], nowMs });
      });
      return arn;
    },
    async read(arn) {
      const found = await find(arn);
      const versionId = found?.secret.stages[current];
      if (!found || versionId === undefined) return undefined;
      const value = await store.read((tx) => values.get(tx, found.scope, [found.secret.id, versionId]));
      return value && Buffer.from((await openContent(value, { arn: found.arn, versionId }, ownKeyUser(found.scope), deps)).bytes).toString('utf8');
    },
    async remove(arn) {
      const found = await find(arn);
      if (found) await store.transact(async (tx) => clearSecret(tx, found.scope, found.name, found.secret));
    },
  };
}
