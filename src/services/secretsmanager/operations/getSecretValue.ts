import { NoSpaceError } from '../../../base/errors.ts';
import { current, holderOf, stagesOf } from '../domain/stages.ts';
import { isVersionId } from '../domain/versionId.ts';
import { invalidRequest, stageNotFound, versionNotFound } from '../errors.ts';
import { requireLive, secretAccess } from '../lookup.ts';
import type { FoundSecret } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { Asker, SecretsDeps } from '../operation.ts';
import { secrets, setSecret, values, versions } from '../store.ts';
import type { SecretRow, VersionRow } from '../store.ts';
import { formatContent, keyUserOf, openContent, requireShareable } from '../values.ts';

const dayMs = 86_400_000;

export const getSecretValue = operation('GetSecretValue', {
  access: ({ SecretId = '', VersionId, VersionStage }, call, deps) => secretAccess('GetSecretValue', SecretId, call, deps, { VersionId, VersionStage }),
  handle: ({ SecretId = '', VersionId, VersionStage }, call, deps) => readSecretValue(SecretId, { versionId: VersionId, stage: VersionStage }, call, deps),
});

export interface VersionChoice {
  readonly versionId?: string | undefined;
  readonly stage?: string | undefined;
}

/** The answer of GetSecretValue, which BatchGetSecretValue gives many of. */
export async function readSecretValue(secretId: string, choice: VersionChoice, call: Asker, deps: SecretsDeps) {
  const { found, versionId, version, value } = await deps.store.read(async (tx) => {
    const secret = await requireLive(tx, call, secretId);
    const id = chooseVersion(secret.secret, choice);
    const version = await versions.get(tx, secret.scope, [secret.secret.id, id]);
    const stored = await values.get(tx, secret.scope, [secret.secret.id, id]);
    // A version that a rotation has only announced has no value.
    if (version === undefined || stored === undefined) throw choice.versionId === undefined ? stageNotFound(choice.stage ?? current) : versionNotFound(id);
    return { found: secret, versionId: id, version, value: stored };
  });
  requireShareable(call, found.scope, version);
  const content = await openContent(value, { arn: found.arn, versionId }, keyUserOf(call, found.scope), deps);
  await noteAccess(found, versionId, version, call, deps);
  const labels = stagesOf(found.secret.stages, versionId);
  return {
    ARN: found.arn,
    Name: found.name,
    VersionId: versionId,
    ...formatContent(content),
    ...(labels.length === 0 ? {} : { VersionStages: labels }),
    CreatedDate: new Date(version.createdAtMs),
  };
}

function chooseVersion({ stages }: SecretRow, { versionId, stage }: VersionChoice): string {
  if (versionId === undefined) {
    const holder = holderOf(stages, stage ?? current);
    if (holder === undefined) throw stageNotFound(stage ?? current);
    return holder;
  }
  if (!isVersionId(versionId)) throw versionNotFound(versionId);
  if (stage !== undefined && holderOf(stages, stage) !== versionId) throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
  return versionId;
}

// AWS tells the day only, so at most one write a day comes of reading.
async function noteAccess({ scope, name, secret }: FoundSecret, versionId: string, version: VersionRow, call: Asker, { store }: SecretsDeps): Promise<void> {
  const dayStartMs = Math.floor(call.nowMs / dayMs) * dayMs;
  if (secret.accessedAtMs === dayStartMs && version.accessedAtMs === dayStartMs) return;
  const noted = store.transact(async (tx) => {
    const row = await secrets.get(tx, scope, [name]);
    if (row === undefined || row.id !== secret.id) return;
    const read = await versions.get(tx, scope, [row.id, versionId]);
    setSecret(tx, scope, name, { ...row, accessedAtMs: dayStartMs });
    if (read !== undefined) versions.set(tx, scope, [row.id, versionId], { ...read, accessedAtMs: dayStartMs });
  });
  // Secrets can be read while the disk is full.
  await noted.catch((error: unknown) => {
    if (!(error instanceof NoSpaceError)) throw error;
  });
}
