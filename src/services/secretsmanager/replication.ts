// Copies in other regions. A change of the primary is followed by an event for each copy; its delivery brings the copy to the state
// that the primary has then, whatever was missed before.
import { ServiceError } from '../../base/errors.ts';
import type { ReadTransaction, Store, Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { Delivery, DeliveryResult, Emitter } from '../../ports/outbox.ts';
import { secretArn } from './domain/secretId.ts';
import type { Replica } from './domain/types.ts';
import { invalidParameter, limitExceeded } from './errors.ts';
import { emitReplication } from './events.ts';
import { replicasMax } from './limits.ts';
import type { FoundSecret } from './lookup.ts';
import { clearSecret, clearVersion, findPolicy, listVersions, policies, secrets, setSecret, values, versions } from './store.ts';
import type { SecretRow, ValueRow } from './store.ts';
import { openContent, ownKeyUser, sealContent } from './values.ts';
import type { ValueDeps } from './values.ts';

interface ReplicaRequest {
  readonly AddReplicaRegions?: readonly { readonly Region?: string | undefined; readonly KmsKeyId?: string | undefined }[] | undefined;
  readonly ForceOverwriteReplicaSecret?: boolean | undefined;
}

/** Adds copies to a secret: the row is written, the copies follow. */
export function beginReplicas(tx: Transaction, found: FoundSecret, { AddReplicaRegions = [], ForceOverwriteReplicaSecret: overwrite = false }: ReplicaRequest, { emitter }: { emitter: Emitter }): SecretRow {
  const { scope, name } = found;
  const replicas: Replica[] = [...(found.secret.replicas ?? [])];
  for (const { Region: region = '', KmsKeyId: kmsKeyId } of AddReplicaRegions) {
    if (region === '' || region === scope.region) throw invalidParameter('Invalid replica region.');
    const at = replicas.findIndex((replica) => replica.region === region);
    if (at >= 0 && replicas[at]?.status !== 'Failed') throw invalidParameter(`The secret is already replicated to region ${region}.`);
    if (at >= 0) replicas.splice(at, 1);
    replicas.push({ region, status: 'InProgress', ...(kmsKeyId === undefined || kmsKeyId === '' ? {} : { kmsKeyId }), ...(overwrite ? { overwrite: true } : {}) });
  }
  if (replicas.length > replicasMax) throw limitExceeded(`A secret can have at most ${replicasMax} replicas.`);
  const secret: SecretRow = { ...found.secret, replicas, primaryRegion: scope.region };
  setSecret(tx, scope, name, secret);
  for (const { Region: region = '' } of AddReplicaRegions) emitReplication(tx, { ...found, secret }, region, emitter);
  return secret;
}

/** After any change of a secret, in its transaction: its copies follow. */
export function changedEverywhere(tx: Transaction, found: FoundSecret, { emitter }: { emitter: Emitter }): void {
  for (const { region, status } of found.secret.replicas ?? []) if (status !== 'Failed') emitReplication(tx, found, region, emitter);
}

export function formatReplicas({ replicas = [] }: SecretRow) {
  return replicas.map(({ region, kmsKeyId, status, statusMessage }) => ({
    Region: region,
    KmsKeyId: kmsKeyId ?? 'alias/aws/secretsmanager',
    Status: status,
    ...(statusMessage === undefined ? {} : { StatusMessage: statusMessage }),
  }));
}

/** Takes a copy away from its primary; the copy's own row is left to the caller. */
export function withoutReplica({ replicas = [], primaryRegion: _region, ...rest }: SecretRow, regions: readonly string[], home: string): SecretRow {
  const kept = replicas.filter(({ region }) => !regions.includes(region));
  return kept.length === 0 ? rest : { ...rest, replicas: kept, primaryRegion: home };
}

interface ReplicationDeps extends ValueDeps {
  readonly store: Store;
}

/** What one event does. */
export async function copyToRegion(primary: { scope: Scope; name: string; id: string }, region: string, delivery: Delivery, deps: ReplicationDeps): Promise<DeliveryResult> {
  const { scope, name, id } = primary;
  const there: Scope = { account: scope.account, region };
  const seen = await deps.store.read(async (tx) => findPair(tx, primary, there));
  if (seen === undefined) return { kind: 'delivered' };
  const sealed = await sealForRegion(seen, name, deps).catch((error: unknown) => {
    if (error instanceof ServiceError) return error;
    throw error;
  });
  return deps.store.transact(async (tx) => {
    const now = await findPair(tx, primary, there);
    if (now === undefined) return { kind: 'delivered' };
    if (sealed instanceof ServiceError) return fail(tx, now, name, `Replication failed: ${sealed.message}`);
    // What has changed meanwhile has values that were not copied yet.
    if (JSON.stringify(now.secret) !== JSON.stringify(seen.secret)) return { kind: 'retry', reason: 'Changed', afterMs: 0 };
    if (!(await delivery.acknowledge(tx))) return { kind: 'delivered' };
    const { secret, replica, copy } = now;
    const isOther = copy !== undefined && copy.id !== id;
    if (isOther && !replica.overwrite) return fail(tx, now, name, `Replication failed: Secret name ${name} already exists in region ${region}.`);
    if (isOther) clearSecret(tx, there, name, copy);
    await writeCopy(tx, now, name, sealed);
    setStatus(tx, { scope, name, secret }, region, { ...replica, status: 'InSync' });
    return { kind: 'delivered' };
  });
}

interface Pair {
  readonly scope: Scope;
  readonly there: Scope;
  readonly secret: SecretRow;
  readonly replica: Replica;
  /** What has the name in the other region now. */
  readonly copy: SecretRow | undefined;
}

async function findPair(tx: ReadTransaction, { scope, name, id }: { scope: Scope; name: string; id: string }, there: Scope): Promise<Pair | undefined> {
  const secret = await secrets.get(tx, scope, [name]);
  const replica = secret?.replicas?.find(({ region }) => region === there.region);
  if (secret === undefined || secret.id !== id || replica === undefined) return undefined;
  return { scope, there, secret, replica, copy: await secrets.get(tx, there, [name]) };
}

// A value never changes once it is there, so only those that the copy lacks are encrypted for it.
async function sealForRegion({ scope, there, secret, replica, copy }: Pair, name: string, deps: ReplicationDeps): Promise<Map<string, ValueRow>> {
  const sealed = new Map<string, ValueRow>();
  const all = await deps.store.read((tx) => listVersions(tx, scope, secret.id));
  for (const { versionId } of all) {
    const [value, copied] = await deps.store.read(async (tx) => [
      await values.get(tx, scope, [secret.id, versionId]),
      copy?.id === secret.id ? await values.get(tx, there, [secret.id, versionId]) : undefined,
    ]);
    if (value === undefined || copied !== undefined) continue;
    const content = await openContent(value, { arn: secretArn(scope, name, secret.suffix), versionId }, ownKeyUser(scope), deps);
    const copyName = { arn: secretArn(there, name, secret.suffix), versionId };
    sealed.set(versionId, await sealContent(content, copyName, replica.kmsKeyId, ownKeyUser(there), deps));
  }
  return sealed;
}

async function writeCopy(tx: Transaction, { scope, there, secret, replica, copy }: Pair, name: string, sealed: ReadonlyMap<string, ValueRow>): Promise<void> {
  const { replicas: _replicas, kmsKeyId: _key, rotation, deletesAtMs: _deletes, accessedAtMs: _accessed, ...shared } = secret;
  const { run: _run, ...plan } = rotation ?? { enabled: false };
  setSecret(tx, there, name, {
    ...shared,
    ...(rotation === undefined ? {} : { rotation: plan }),
    ...(replica.kmsKeyId === undefined ? {} : { kmsKeyId: replica.kmsKeyId }),
    ...(copy?.id === secret.id && copy.accessedAtMs !== undefined ? { accessedAtMs: copy.accessedAtMs } : {}),
  });
  const all = await listVersions(tx, scope, secret.id);
  for (const { versionId, version } of all) {
    const { kmsKeyId: _old, accessedAtMs: _read, ...kept } = version;
    versions.set(tx, there, [secret.id, versionId], { ...kept, ...(replica.kmsKeyId === undefined ? {} : { kmsKeyId: replica.kmsKeyId }) });
    const value = sealed.get(versionId);
    if (value !== undefined) values.set(tx, there, [secret.id, versionId], value);
  }
  const kept = new Set(all.map(({ versionId }) => versionId));
  for (const { versionId } of await listVersions(tx, there, secret.id)) if (!kept.has(versionId)) clearVersion(tx, there, secret.id, versionId);
  const document = await findPolicy(tx, scope, secret);
  if (document === undefined) policies.clear(tx, there, [secret.id]);
  else policies.set(tx, there, [secret.id], { document });
}

function fail(tx: Transaction, { scope, there, secret, replica }: Pair, name: string, statusMessage: string): DeliveryResult {
  setStatus(tx, { scope, name, secret }, there.region, { ...replica, status: 'Failed', statusMessage });
  return { kind: 'delivered' };
}

function setStatus(tx: Transaction, { scope, name, secret }: Pick<FoundSecret, 'scope' | 'name' | 'secret'>, region: string, replica: Replica): void {
  const { overwrite: _done, ...rest } = replica;
  const replicas = (secret.replicas ?? []).map((each) => (each.region === region ? rest : each));
  setSecret(tx, scope, name, { ...secret, replicas });
}
