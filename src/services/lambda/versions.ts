// What changes when a version comes or goes. Versions are copies of $LATEST; they share the uploaded archive with it.
import { uuid } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import type { Transaction } from '../../kv/store.ts';
import type { Place } from './domain/functionName.ts';
import { errors } from './errors.ts';
import { leaveLayers, useLayers } from './layers/layerStore.ts';
import { codeStorageBytesMax } from './limits.ts';
import type { LambdaContext } from './operation.ts';
import { setPendingSnapshot } from './snapstart/pendingSnapshots.ts';
import { addPackageUser, addUsage, clearPackageUser, clearVersion, findVersion, isArchiveShared, setFunction, setVersion } from './store.ts';
import type { FunctionRow, VersionRow } from './store.ts';
import type { Owner, VariableVault } from './variableVault.ts';

/** Writes a new state of $LATEST: its row, its part of the storage quota, and who owns the archive. */
export async function commitLatest(tx: Transaction, place: Place, head: FunctionRow, next: VersionRow, { blobs }: LambdaContext): Promise<FunctionRow> {
  const { latest: old } = head;
  if (old.code.blobId !== next.code.blobId) {
    await countCode(tx, place, next.code.zippedBytes - old.code.zippedBytes);
    if (!(await isArchiveShared(tx, place, head.name, old))) blobs.discard(tx, old.code.blobId);
    clearPackageUser(tx, place, head.name, old);
    blobs.adopt(tx, next.code.blobId);
    addPackageUser(tx, place, head.name, next);
  }
  await changeLayers(tx, place, head.name, old, next, blobs);
  const changed: FunctionRow = { ...head, latest: next };
  setFunction(tx, place, changed);
  return changed;
}

export interface PublishOptions {
  readonly description?: string | undefined;
  readonly random: Random;
  readonly variables: VariableVault;
}

/** Publishes $LATEST as the next number, or answers the newest version when nothing has changed since, as on AWS. */
export async function publish(tx: Transaction, place: Place, head: FunctionRow, options: PublishOptions): Promise<VersionRow> {
  const newest = head.publishedVersions === 0 ? undefined : await findVersion(tx, place, head.name, head.publishedVersions);
  if (newest !== undefined && isSame(newest, head.latest, { place, name: head.name }, options)) return newest;
  const row: VersionRow = {
    ...head.latest,
    version: String(head.publishedVersions + 1),
    description: options.description ?? head.latest.description,
    revisionId: uuid(options.random),
    deploymentId: uuid(options.random),
    ...(head.latest.snapStart === undefined ? {} : { snapStart: { state: 'pending' as const } }),
  };
  if (row.snapStart !== undefined) setPendingSnapshot(tx, place, head.name, row.version);
  await countCode(tx, place, row.code.zippedBytes);
  addPackageUser(tx, place, head.name, row);
  useLayers(tx, place, head.name, row);
  setVersion(tx, place, head.name, row);
  setFunction(tx, place, { ...head, publishedVersions: head.publishedVersions + 1 });
  return row;
}

/** Removes a published version. */
export async function removeVersion(tx: Transaction, place: Place, head: FunctionRow, row: VersionRow, { blobs }: LambdaContext): Promise<void> {
  await addUsage(tx, place, { codeBytes: -row.code.zippedBytes });
  if (!(await isArchiveShared(tx, place, head.name, row))) blobs.discard(tx, row.code.blobId);
  clearPackageUser(tx, place, head.name, row);
  await leaveLayers(tx, place, head.name, [row], blobs);
  clearVersion(tx, place, head.name, Number(row.version));
  // Written unchanged, so that a change which counts the archive's users at the same time is repeated.
  setFunction(tx, place, head);
}

/** What both states have stays untouched: it is never without a user. */
async function changeLayers(tx: Transaction, place: Place, name: string, old: VersionRow, next: VersionRow, blobs: LambdaContext['blobs']): Promise<void> {
  const without = (row: VersionRow, other: VersionRow): VersionRow => ({
    ...row,
    layers: (row.layers ?? []).filter(({ code }) => !other.layers?.some((layer) => layer.code?.blobId === code?.blobId)),
  });
  useLayers(tx, place, name, without(next, old));
  await leaveLayers(tx, place, name, [without(old, next)], blobs);
}

async function countCode(tx: Transaction, place: Place, bytes: number): Promise<void> {
  const { codeBytes } = await addUsage(tx, place, { codeBytes: bytes });
  if (bytes > 0 && codeBytes > codeStorageBytesMax) throw errors.codeStorageExceeded();
}

function isSame(a: VersionRow, b: VersionRow, owner: Owner, { variables, description }: PublishOptions): boolean {
  const contentOf = ({ version, revisionId, deploymentId, modifiedAtMs, sealedVariables, sealedDataKey, variablesDigest, code, snapStart, ...rest }: VersionRow): object => ({ ...rest, hasSnapStart: snapStart !== undefined });
  const given = (row: VersionRow): string => JSON.stringify([contentOf(row), row.code.sha256, variables.fingerprint({ ...owner, row })]);
  return given(a) === given({ ...b, description: description ?? b.description });
}
