// Lifecycle rules run once a day, at midnight UTC of product time ("Setting lifecycle configuration on a bucket"). A run goes over the
// bucket in pages; each is one transaction, which sets the timer again for the next page or for the next day. So a run goes on where a
// crash has ended it, and moving the clock moves it.

import { uuid } from '../../../base/ids.ts';
import type { Random } from '../../../base/random.ts';
import type { BlobStore } from '../../../blob/blobStore.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Table } from '../../../kv/table.ts';
import type { FiredTimer, TimerHandler, Timers } from '../../../kv/timers.ts';
import type { Clock } from '../../../base/clock.ts';
import type { EventBus } from '../../../ports/eventBus.ts';
import type { Emitter } from '../../../ports/outbox.ts';
import { isProtected } from '../domain/objectLock.ts';
import { isMarker, type ObjectRow, type VersionRow } from '../domain/objectRow.ts';
import { concerns, dueAfterDays, dueMs, type LifecycleRule } from '../domain/lifecycle.ts';
import { tellObjectEvent } from '../events.ts';
import { type Bucket, everywhere, findBucket, findSetting, type Listed, listRows, objects, place, uploads, versions } from '../store.ts';
import { abortUpload } from '../uploads.ts';
import { deleteCurrent, deleteVersion, updateVersion } from '../versions.ts';

export interface LifecycleDeps {
  readonly blobs: BlobStore;
  readonly random: Random;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emitter: Emitter;
  readonly bus?: EventBus | undefined;
}

const service = 's3';
const dayMs = 86_400_000;
/** What one transaction looks at. */
const pageRows = 200;

const phases = ['objects', 'versions', 'uploads'] as const;

interface Progress {
  readonly bucketName: string;
  readonly bucketId: string;
  readonly phase?: (typeof phases)[number] | undefined;
  /** The last row of the page before: its key, in hexadecimal. */
  readonly after?: string | undefined;
  /** Of the key that the page ended in: when its last version was made, and how many older ones there were. */
  readonly newer?: { readonly key: string; readonly modifiedMs: number; readonly noncurrent: number } | undefined;
}

/** Plans the next run, as part of the transaction that writes the rules. */
export async function scheduleLifecycle(tx: Transaction, timers: Timers, bucket: Bucket, nowMs: number): Promise<void> {
  await timers.set(tx, { service, id: timerId(bucket.id), dueMs: nextMidnight(nowMs), detail: { bucketName: bucket.name, bucketId: bucket.id } satisfies Progress });
}

export async function unscheduleLifecycle(tx: Transaction, timers: Timers, bucket: Pick<Bucket, 'id'>): Promise<void> {
  await timers.clear(tx, { service, id: timerId(bucket.id) });
}

/** Runs one page of one bucket. */
export function createLifecycleHandler(deps: LifecycleDeps): TimerHandler {
  return async (tx: Transaction, timer: FiredTimer) => {
    const progress = timer.detail as Progress;
    const bucket = await findBucket(tx, progress.bucketName);
    if (bucket?.id !== progress.bucketId) return;
    const rules = (await findSetting<{ readonly rules: readonly LifecycleRule[] }>(tx, bucket, 'lifecycle'))?.rules ?? [];
    if (rules.length === 0) return;
    const nowMs = deps.clock.now();
    const next = await runPage(tx, deps, bucket, rules, progress, nowMs);
    const again = next === undefined ? { dueMs: nextMidnight(nowMs), detail: { bucketName: bucket.name, bucketId: bucket.id } } : { dueMs: nowMs, detail: next };
    await deps.timers.set(tx, { service, id: timerId(bucket.id), ...again });
  };
}

function timerId(bucketId: string): string {
  return `lifecycle/${bucketId}`;
}

function nextMidnight(nowMs: number): number {
  return (Math.floor(nowMs / dayMs) + 1) * dayMs;
}

/** Answers where to go on; undefined when everything has been looked at. */
async function runPage(tx: Transaction, deps: LifecycleDeps, bucket: Bucket, rules: readonly LifecycleRule[], progress: Progress, nowMs: number): Promise<Progress | undefined> {
  const phase = progress.phase ?? 'objects';
  const run = { tx, deps, bucket, rules, nowMs };
  let rows: readonly Listed<object>[];
  let newer: Progress['newer'];
  if (phase === 'objects') {
    const page = await readPage(tx, objects, bucket.id, progress.after);
    for (const { key, row } of page) await visitObject(run, key, row);
    rows = page;
  } else if (phase === 'versions') {
    const page = await readPage(tx, versions, bucket.id, progress.after);
    newer = await visitVersions(run, page, progress.newer);
    rows = page;
  } else {
    const page = await readPage(tx, uploads, bucket.id, progress.after);
    for (const { key, rest, row } of page) {
      const due = rules.some((rule) => rule.abortUploadsAfterDays !== undefined && concerns(rule, key, undefined) && dueAfterDays(row.startedAtMs, rule.abortUploadsAfterDays) <= nowMs);
      if (due) await abortUpload(tx, deps, bucket.id, key, String(rest[0]));
    }
    rows = page;
  }
  const base = { bucketName: bucket.name, bucketId: bucket.id };
  const last = rows.at(-1);
  if (last && rows.length === pageRows) return { ...base, phase, after: Buffer.from(last.place).toString('hex'), newer };
  const following = phases[phases.indexOf(phase) + 1];
  return following && { ...base, phase: following };
}

async function readPage<Row extends object>(tx: Transaction, table: Table<Row>, bucketId: string, after: string | undefined): Promise<Listed<Row>[]> {
  const untyped = table as Table<object>;
  const from = after === undefined ? place.beforePrefix(untyped, bucketId, '') : Buffer.concat([Buffer.from(after, 'hex'), Buffer.alloc(1)]);
  return await listRows(tx, table, from, place.afterPrefix(untyped, bucketId, ''), pageRows);
}

interface Run {
  readonly tx: Transaction;
  readonly deps: LifecycleDeps;
  readonly bucket: Bucket;
  readonly rules: readonly LifecycleRule[];
  readonly nowMs: number;
}

// Where several rules are due, removal wins over moving ("conflicting lifecycle actions").
async function visitObject({ tx, deps, bucket, rules, nowMs }: Run, key: string, row: ObjectRow): Promise<void> {
  const mine = rules.filter((rule) => concerns(rule, key, row));
  const actor = { nowMs, requestId: uuid(deps.random), service: true as const };
  if (mine.some(({ expiration }) => expiration && !expiration.deleteMarkers && dueMs(expiration, row.modifiedMs) <= nowMs)) {
    const { marker } = await deleteCurrent(tx, deps, bucket, key, { owner: bucket.account, nowMs });
    const name = marker ? 'LifecycleExpiration:DeleteMarkerCreated' : 'LifecycleExpiration:Delete';
    await tellObjectEvent(tx, deps, actor, bucket, { name, key, row: marker ?? row });
    return;
  }
  const wanted = coldest(mine.flatMap(({ transitions = [] }) => transitions.filter((one) => dueMs(one, row.modifiedMs) <= nowMs)).map(({ storageClass }) => storageClass), row);
  if (wanted === undefined) return;
  const moved = { ...row, storageClass: wanted };
  updateVersion(tx, bucket, key, moved, true);
  await tellObjectEvent(tx, deps, actor, bucket, { name: 'LifecycleTransition', key, row: moved });
}

async function visitVersions(run: Run, page: readonly Listed<VersionRow>[], before: Progress['newer']): Promise<Progress['newer']> {
  const { tx, deps, bucket, rules, nowMs } = run;
  let newer = before;
  for (const [index, { key, row }] of page.entries()) {
    if (newer?.key !== key) {
      const current = await objects.get(tx, everywhere, [bucket.id, key]);
      if (!current) {
        // The newest is a delete marker: with nothing below it, it hides nothing.
        const next = page[index + 1];
        const alone = next ? next.key !== key : (await versions.list(tx, everywhere, [bucket.id, key], { limit: 2 })).length === 1;
        const expires = rules.some((rule) => rule.expiration && concerns(rule, key, undefined) && (rule.expiration.deleteMarkers === true || dueMs(rule.expiration, row.modifiedMs) <= nowMs));
        if (alone && isMarker(row) && expires) await deleteVersion(tx, deps, bucket, key, row);
        newer = { key, modifiedMs: row.modifiedMs, noncurrent: 0 };
        continue;
      }
      newer = { key, modifiedMs: current.modifiedMs, noncurrent: 0 };
    }
    await visitNoncurrent(run, key, row, newer);
    newer = { key, modifiedMs: row.modifiedMs, noncurrent: newer.noncurrent + 1 };
  }
  return newer;
}

async function visitNoncurrent({ tx, deps, bucket, rules, nowMs }: Run, key: string, row: VersionRow, newer: NonNullable<Progress['newer']>): Promise<void> {
  const object = isMarker(row) ? undefined : row;
  const mine = rules.filter((rule) => concerns(rule, key, object));
  const isDue = (one: { readonly days: number; readonly keep?: number | undefined }): boolean => newer.noncurrent >= (one.keep ?? 0) && dueAfterDays(newer.modifiedMs, one.days) <= nowMs;
  const actor = { nowMs, requestId: uuid(deps.random), service: true as const };
  if (mine.some(({ noncurrentExpiration }) => noncurrentExpiration && isDue(noncurrentExpiration))) {
    if (object && isProtected(object, nowMs, false)) return;
    await deleteVersion(tx, deps, bucket, key, row);
    await tellObjectEvent(tx, deps, actor, bucket, { name: 'LifecycleExpiration:Delete', key, row });
    return;
  }
  if (!object) return;
  const wanted = coldest(mine.flatMap(({ noncurrentTransitions = [] }) => noncurrentTransitions.filter(isDue)).map(({ storageClass }) => storageClass), object);
  if (wanted !== undefined) updateVersion(tx, bucket, key, { ...object, storageClass: wanted }, false);
}

// "Supported transitions": only ever towards the colder classes.
const order = ['STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'ONEZONE_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'];
const smallBytes = 128 * 1024;

function coldest(classes: readonly string[], row: ObjectRow): string | undefined {
  // Small objects stay, except for the archives ("varies by storage class").
  const possible = row.bytes >= smallBytes ? classes : classes.filter((name) => name === 'GLACIER' || name === 'DEEP_ARCHIVE');
  const now = order.indexOf(row.storageClass ?? 'STANDARD');
  const best = Math.max(-1, ...possible.map((name) => order.indexOf(name)));
  return best > now ? order[best] : undefined;
}
