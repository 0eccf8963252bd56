// Making a version of a secret: the one way for CreateSecret, PutSecretValue and UpdateSecret.
import type { Transaction } from '../../kv/store.ts';
import { attachStages, stagesOf } from './domain/stages.ts';
import { limitExceeded, tokenInUse } from './errors.ts';
import { deprecatedVersionMsMin, versionsMax } from './limits.ts';
import type { FoundSecret } from './lookup.ts';
import { clearVersion, listVersions, setSecret, values, versions } from './store.ts';
import type { SecretRow, ValueRow } from './store.ts';

export interface NewVersion {
  readonly versionId: string;
  readonly value: ValueRow | undefined;
  readonly kmsKeyId: string | undefined;
  readonly labels: readonly string[];
  readonly nowMs: number;
}

/** Adds a version to what is stored of the secret, and writes both. A version that has no value yet (a rotation's) gets it. */
export async function addVersion(tx: Transaction, found: FoundSecret, added: NewVersion): Promise<SecretRow> {
  const { scope, secret, name, arn } = found;
  const { versionId, value, nowMs } = added;
  const old = await versions.get(tx, scope, [secret.id, versionId]);
  if (old !== undefined && (await values.get(tx, scope, [secret.id, versionId])) !== undefined) throw tokenInUse(versionId, arn);
  const next: SecretRow = { ...secret, stages: attachStages(secret.stages, versionId, added.labels), changedAtMs: nowMs };
  if (old === undefined) await makeRoom(tx, { ...found, secret: next }, nowMs);
  versions.set(tx, scope, [secret.id, versionId], {
    createdAtMs: old?.createdAtMs ?? nowMs,
    ...(added.kmsKeyId === undefined ? {} : { kmsKeyId: added.kmsKeyId }),
  });
  if (value !== undefined) values.set(tx, scope, [secret.id, versionId], value);
  setSecret(tx, scope, name, next);
  return next;
}

// Every writer of versions also writes the secret's row, so the range is as good as checked.
async function makeRoom(tx: Transaction, { scope, secret }: FoundSecret, nowMs: number): Promise<void> {
  const all = await listVersions(tx, scope, secret.id);
  let excess = all.length + 1 - versionsMax;
  for (const { versionId, version } of all) {
    if (excess <= 0) return;
    if (stagesOf(secret.stages, versionId).length > 0 || nowMs - version.createdAtMs < deprecatedVersionMsMin) continue;
    clearVersion(tx, scope, secret.id, versionId);
    excess--;
  }
  if (excess > 0) throw limitExceeded(`You've exceeded the quota of ${versionsMax} versions of a secret: versions that are younger than 24 hours are not removed.`);
}
