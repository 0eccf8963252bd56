import type { Call } from '../../../framework/context.ts';
import { current } from '../domain/stages.ts';
import { requireToken } from '../domain/versionId.ts';
import { secretNotFound, tokenInUse, tokenMissing, unsupported } from '../errors.ts';
import { requirePrimary, secretAccess } from '../lookup.ts';
import type { FoundSecret } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { SecretsDeps } from '../operation.ts';
import { changedEverywhere } from '../replication.ts';
import { setSecret, values, versions } from '../store.ts';
import type { SecretRow, ValueRow } from '../store.ts';
import { contentOf, keyUserOf, openContent, requireKey, requireShareable, sameContent, sealContent } from '../values.ts';
import { addVersion } from '../versions.ts';

export const updateSecret = operation('UpdateSecret', {
  access: ({ SecretId = '', Description, KmsKeyId }, call, deps) => secretAccess('UpdateSecret', SecretId, call, deps, { Description, KmsKeyId }),
  async handle(input, call, deps) {
    const { SecretId = '', ClientRequestToken: token, Description: description, KmsKeyId: kmsKeyId } = input;
    if (input.Type !== undefined) throw unsupported('Type (managed external secrets)');
    const content = contentOf(input);
    if (token === undefined && content !== undefined) throw tokenMissing();
    if (token !== undefined) requireToken(token);
    const seen = await deps.store.read((tx) => requirePrimary(tx, call, SecretId));
    const { scope, arn, name } = seen;
    const user = keyUserOf(call, scope);
    const changedKey = kmsKeyId === undefined ? seen.secret.kmsKeyId : kmsKeyId === '' ? undefined : kmsKeyId;
    requireShareable(call, scope, changedKey === undefined ? {} : { kmsKeyId: changedKey });
    if (kmsKeyId !== undefined && kmsKeyId !== '') await requireKey(kmsKeyId, user, deps);
    const value = content && token !== undefined ? await deps.store.read((tx) => values.get(tx, scope, [seen.secret.id, token])) : undefined;
    if (content && token !== undefined && value !== undefined) {
      const stored = await openContent(value, { arn, versionId: token }, user, deps);
      if (!sameContent(stored, content)) throw tokenInUse(token, arn);
    }
    const isNew = content !== undefined && value === undefined;
    const sealed = isNew && token !== undefined ? await sealContent(content, { arn, versionId: token }, changedKey, user, deps) : undefined;
    const again = kmsKeyId === undefined ? [] : await encryptAgain(seen, changedKey, call, deps);
    await deps.store.transact(async (tx) => {
      const found = await requirePrimary(tx, call, SecretId);
      if (found.secret.id !== seen.secret.id) throw secretNotFound();
      const { kmsKeyId: oldKey, ...rest } = found.secret;
      const key = kmsKeyId === undefined ? oldKey : changedKey;
      let secret: SecretRow = {
        ...rest,
        changedAtMs: call.nowMs,
        ...(description === undefined ? {} : { description }),
        ...(key === undefined ? {} : { kmsKeyId: key }),
      };
      setSecret(tx, scope, name, secret);
      for (const { versionId, row } of again) {
        const version = await versions.get(tx, scope, [secret.id, versionId]);
        if (version === undefined) continue;
        const { kmsKeyId: _old, ...kept } = version;
        versions.set(tx, scope, [secret.id, versionId], { ...kept, ...(key === undefined ? {} : { kmsKeyId: key }) });
        values.set(tx, scope, [secret.id, versionId], row);
      }
      if (sealed !== undefined && token !== undefined) {
        secret = await addVersion(tx, { ...found, secret }, { versionId: token, value: sealed, kmsKeyId: key, labels: [current], nowMs: call.nowMs });
      }
      changedEverywhere(tx, { ...found, secret }, deps);
    });
    return { ARN: arn, Name: name, ...(content === undefined ? {} : { VersionId: token }) };
  },
});

// API reference, KmsKeyId: "the existing versions with labels AWSCURRENT, AWSPENDING and AWSPREVIOUS are re-encrypted with the new key".
async function encryptAgain({ scope, secret, arn }: FoundSecret, keyId: string | undefined, call: Call, deps: SecretsDeps): Promise<{ versionId: string; row: ValueRow }[]> {
  const wanted = new Set(['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'].flatMap((label) => secret.stages[label] ?? []));
  const again: { versionId: string; row: ValueRow }[] = [];
  const user = keyUserOf(call, scope);
  for (const versionId of wanted) {
    const old = await deps.store.read((tx) => values.get(tx, scope, [secret.id, versionId]));
    if (old === undefined) continue;
    const name = { arn, versionId };
    again.push({ versionId, row: await sealContent(await openContent(old, name, user, deps), name, keyId, user, deps) });
  }
  return again;
}
