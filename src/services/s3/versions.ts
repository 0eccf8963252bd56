// What becomes of the versions of one key. Every function belongs to one transaction and reads `object` (bucket, key) first, which is
// checked at commit; the guard covers the case in which that row neither is nor becomes there, so that two writers of one key take turns.

import type { Transaction, ReadTransaction } from '../../kv/store.ts';
import type { BlobStore } from '../../blob/blobStore.ts';
import type { Random } from '../../base/random.ts';
import { discardBody } from './bodies.ts';
import { isMarker, type MarkerRow, type ObjectRow, type VersionRow } from './domain/objectRow.ts';
import { makeVersionId, nullVersionId, orderOfVersionId } from './domain/versionId.ts';
import { addToCount, type Bucket, everywhere, nullVersions, objects, versions } from './store.ts';

export interface VersionDeps {
  readonly blobs: BlobStore;
  readonly random: Random;
}

export type ObjectDraft = Omit<ObjectRow, 'versionId' | 'order' | 'modifiedMs'>;

/** The version that a GET without a version id is about: the object, or the delete marker that hides it. */
export async function findCurrent(tx: ReadTransaction, bucket: Bucket, key: string): Promise<VersionRow | undefined> {
  const object = await objects.get(tx, everywhere, [bucket.id, key]);
  if (object || bucket.versioning === undefined) return object;
  return await newestBelow(tx, bucket, key);
}

/** A version by its id, `null` included. */
export async function findVersion(tx: ReadTransaction, bucket: Bucket, key: string, versionId: string): Promise<VersionRow | undefined> {
  const object = await objects.get(tx, everywhere, [bucket.id, key]);
  if (object?.versionId === versionId) return object;
  if (bucket.versioning === undefined) return undefined;
  const order = versionId === nullVersionId ? (await nullVersions.get(tx, everywhere, [bucket.id, key]))?.order : orderOfVersionId(versionId);
  if (order === undefined) return undefined;
  const version = await versions.get(tx, everywhere, [bucket.id, key, -order]);
  return version?.versionId === versionId ? version : undefined;
}

/** Writes a new version of a key, and puts away or removes what it takes the place of. */
export async function putVersion(tx: Transaction, deps: VersionDeps, bucket: Bucket, key: string, draft: ObjectDraft, nowMs: number): Promise<ObjectRow> {
  const { current, newest } = await readNewest(tx, bucket, key);
  const order = nextOrder(newest, nowMs);
  const versionId = bucket.versioning === 'Enabled' ? makeVersionId(order, deps.random) : nullVersionId;
  const row: ObjectRow = { ...draft, versionId, order, modifiedMs: nowMs };
  const removed = await makeRoom(tx, deps, bucket, key, current, versionId);
  objects.set(tx, everywhere, [bucket.id, key], row);
  addToCount(tx, bucket, 1 - removed);
  return row;
}

/** Writes a version that was made elsewhere, with its id and its place in the order. */
export async function putReplica(tx: Transaction, bucket: Bucket, key: string, row: VersionRow): Promise<void> {
  const { current, newest } = await readNewest(tx, bucket, key);
  addToCount(tx, bucket, 1);
  if (newest && newest.order > row.order) return setVersion(tx, bucket, key, row);
  if (current) setVersion(tx, bucket, key, current);
  if (!isMarker(row)) return objects.set(tx, everywhere, [bucket.id, key], row);
  objects.clear(tx, everywhere, [bucket.id, key]);
  setVersion(tx, bucket, key, row);
}

/** Replaces a version by the same with other properties; its body stays. */
export function updateVersion(tx: Transaction, bucket: Bucket, key: string, row: VersionRow, isCurrent: boolean): void {
  if (isCurrent && !isMarker(row)) objects.set(tx, everywhere, [bucket.id, key], row);
  else versions.set(tx, everywhere, [bucket.id, key, -row.order], row);
}

/** True when this version is the one in `object`. */
export async function isCurrent(tx: ReadTransaction, bucket: Bucket, key: string, row: VersionRow): Promise<boolean> {
  return (await objects.get(tx, everywhere, [bucket.id, key]))?.order === row.order;
}

export interface Deletion {
  /** The delete marker that was made, or the version that was removed. */
  readonly marker: MarkerRow | undefined;
  readonly removed: VersionRow | undefined;
}

/** DELETE without a version id: removes the object for good where there is no versioning, and hides it where there is. */
export async function deleteCurrent(tx: Transaction, deps: VersionDeps, bucket: Bucket, key: string, about: { readonly owner: string; readonly nowMs: number }): Promise<Deletion> {
  const { current, newest } = await readNewest(tx, bucket, key);
  if (bucket.versioning === undefined) {
    if (!current) return { marker: undefined, removed: undefined };
    await discardBody(tx, deps.blobs, current.body);
    objects.clear(tx, everywhere, [bucket.id, key]);
    addToCount(tx, bucket, -1);
    return { marker: undefined, removed: current };
  }
  const order = nextOrder(newest, about.nowMs);
  const versionId = bucket.versioning === 'Enabled' ? makeVersionId(order, deps.random) : nullVersionId;
  const removed = await makeRoom(tx, deps, bucket, key, current, versionId);
  objects.clear(tx, everywhere, [bucket.id, key]);
  const marker: MarkerRow = { versionId, order, modifiedMs: about.nowMs, owner: about.owner, marker: true };
  setVersion(tx, bucket, key, marker);
  addToCount(tx, bucket, 1 - removed);
  return { marker, removed: undefined };
}

/** Removes one version for good. What was below the newest comes up again. */
export async function deleteVersion(tx: Transaction, deps: VersionDeps, bucket: Bucket, key: string, version: VersionRow): Promise<void> {
  const current = await objects.get(tx, everywhere, [bucket.id, key]);
  tx.guard(objects.key(everywhere, [bucket.id, key]));
  if (!isMarker(version)) await discardBody(tx, deps.blobs, version.body);
  const wasCurrent = current?.order === version.order;
  if (wasCurrent) objects.clear(tx, everywhere, [bucket.id, key]);
  else clearVersion(tx, bucket, key, version);
  addToCount(tx, bucket, -1);
  if (bucket.versioning === undefined || (current && !wasCurrent)) return;
  const newest = await newestBelow(tx, bucket, key, version.order);
  if (!newest || isMarker(newest)) return;
  clearVersion(tx, bucket, key, newest);
  objects.set(tx, everywhere, [bucket.id, key], newest);
}

async function readNewest(tx: Transaction, bucket: Bucket, key: string): Promise<{ current: ObjectRow | undefined; newest: VersionRow | undefined }> {
  const current = await objects.get(tx, everywhere, [bucket.id, key]);
  if (current || bucket.versioning === undefined) return { current, newest: current };
  tx.guard(objects.key(everywhere, [bucket.id, key]));
  return { current, newest: await newestBelow(tx, bucket, key) };
}

/** The newest row of `version`, but not the one of this order, which is about to go. */
async function newestBelow(tx: ReadTransaction, bucket: Bucket, key: string, without?: number): Promise<VersionRow | undefined> {
  const rows = await versions.list(tx, everywhere, [bucket.id, key], { limit: 2 });
  return rows.map(({ row }) => row).find(({ order }) => order !== without);
}

// Microseconds, so that versions of one millisecond have room.
function nextOrder(newest: VersionRow | undefined, nowMs: number): number {
  return Math.max(Math.floor(nowMs) * 1_000, (newest?.order ?? 0) + 1);
}

/** Puts the current version away, and removes what has the id of the new one; answers how many were removed. */
async function makeRoom(tx: Transaction, deps: VersionDeps, bucket: Bucket, key: string, current: ObjectRow | undefined, versionId: string): Promise<number> {
  let removed = 0;
  if (current?.versionId === versionId) {
    await discardBody(tx, deps.blobs, current.body);
    removed += 1;
  } else if (current) setVersion(tx, bucket, key, current);
  if (versionId !== nullVersionId || bucket.versioning === undefined || current?.versionId === versionId) return removed;
  const old = await findVersion(tx, bucket, key, nullVersionId);
  if (!old) return removed;
  if (!isMarker(old)) await discardBody(tx, deps.blobs, old.body);
  clearVersion(tx, bucket, key, old);
  return removed + 1;
}

function setVersion(tx: Transaction, bucket: Bucket, key: string, row: VersionRow): void {
  versions.set(tx, everywhere, [bucket.id, key, -row.order], row);
  if (row.versionId === nullVersionId) nullVersions.set(tx, everywhere, [bucket.id, key], { order: row.order });
}

function clearVersion(tx: Transaction, bucket: Bucket, key: string, row: VersionRow): void {
  versions.clear(tx, everywhere, [bucket.id, key, -row.order]);
  if (row.versionId === nullVersionId) nullVersions.clear(tx, everywhere, [bucket.id, key]);
}
