import { moveStage } from '../domain/stages.ts';
import { isVersionId } from '../domain/versionId.ts';
import { versionNotFound } from '../errors.ts';
import { requirePrimary, secretAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import { changedEverywhere } from '../replication.ts';
import { setSecret, versions } from '../store.ts';

export const updateSecretVersionStage = operation('UpdateSecretVersionStage', {
  access: ({ SecretId = '', VersionStage }, call, deps) => secretAccess('UpdateSecretVersionStage', SecretId, call, deps, { VersionStage }),
  async handle({ SecretId = '', VersionStage: label = '', RemoveFromVersionId: removeFrom, MoveToVersionId: moveTo }, call, deps) {
    return deps.store.transact(async (tx) => {
      const found = await requirePrimary(tx, call, SecretId);
      const { scope, secret, name, arn } = found;
      for (const versionId of [removeFrom, moveTo]) {
        if (versionId === undefined) continue;
        if (!isVersionId(versionId) || (await versions.get(tx, scope, [secret.id, versionId])) === undefined) throw versionNotFound(versionId);
      }
      const next = { ...secret, stages: moveStage(secret.stages, { label, removeFrom, moveTo }), changedAtMs: call.nowMs };
      setSecret(tx, scope, name, next);
      changedEverywhere(tx, { ...found, secret: next }, deps);
      return { ARN: arn, Name: name };
    });
  },
});
