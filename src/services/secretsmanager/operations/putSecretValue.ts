import { attachStages, current, stagesOf } from '../domain/stages.ts';
import { requireToken } from '../domain/versionId.ts';
import { invalidParameter, noValue, secretNotFound, tokenInUse, tokenMissing } from '../errors.ts';
import { requirePrimary, secretAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import { changedEverywhere } from '../replication.ts';
import { values } from '../store.ts';
import { contentOf, keyUserOf, openContent, requireShareable, sameContent, sealContent } from '../values.ts';
import { addVersion } from '../versions.ts';

export const putSecretValue = operation('PutSecretValue', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('PutSecretValue', SecretId, call, deps),
  async handle(input, call, deps) {
    const { SecretId = '', ClientRequestToken: token, VersionStages: labels = [current], RotationToken: rotationToken } = input;
    if (token === undefined) throw tokenMissing();
    requireToken(token);
    const content = contentOf(input);
    if (content === undefined) throw noValue();
    const { store } = deps;
    const seen = await store.read(async (tx) => {
      const found = await requirePrimary(tx, call, SecretId);
      return { found, value: await values.get(tx, found.scope, [found.secret.id, token]) };
    });
    const { arn, scope, name, secret } = seen.found;
    if (rotationToken !== undefined && rotationToken !== secret.rotation?.run?.rotationToken) throw invalidParameter('The RotationToken is not that of a rotation under way.');
    requireShareable(call, scope, secret);
    const user = keyUserOf(call, scope);
    const versionId = token;
    if (seen.value !== undefined) {
      const stored = await openContent(seen.value, { arn, versionId }, user, deps);
      if (!sameContent(stored, content)) throw tokenInUse(token, arn);
      // The same again is no new version; what it says about labels was said before.
      return { ARN: arn, Name: name, VersionId: versionId, VersionStages: stagesOf(secret.stages, versionId) };
    }
    attachStages(secret.stages, versionId, labels);
    const value = await sealContent(content, { arn, versionId }, secret.kmsKeyId, user, deps);
    const stages = await store.transact(async (tx) => {
      const found = await requirePrimary(tx, call, SecretId);
      // The value is bound to the ARN that was seen.
      if (found.secret.id !== secret.id) throw secretNotFound();
      // "If this operation creates a new version for the secret and no other version has AWSCURRENT" it gets that label, too.
      const wanted = found.secret.stages[current] === undefined && !labels.includes(current) ? [current, ...labels] : labels;
      const next = await addVersion(tx, found, { versionId, value, kmsKeyId: secret.kmsKeyId, labels: wanted, nowMs: call.nowMs });
      changedEverywhere(tx, { ...found, secret: next }, deps);
      return next.stages;
    });
    return { ARN: arn, Name: name, VersionId: versionId, VersionStages: stagesOf(stages, versionId) };
  },
});
