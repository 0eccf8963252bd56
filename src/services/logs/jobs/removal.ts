import { listKeys } from './listKeys.ts';
import { removeArrivals } from './arrivals.ts';
import { delay } from '../../../base/clock.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/log.ts';
import { retentionStartMs } from '../domain/putEvents.ts';
import { removalIntervalMs, removalRowsMax, removalStreamRowsMax, rowSpanMsMax } from '../limits.ts';
import {
  everywhere,
  messageParts,
  removals,
  retentions,
  rows,
  rowsByTime,
  storedBytes,
  streamNames,
  streams,
  streamsByTime,
} from '../store.ts';
import type { Store, Transaction } from '../../../kv/store.ts';
import type { Scope, Table } from '../../../kv/table.ts';
import type { KeyPart } from '../../../kv/tuple.ts';

// What was deleted or has expired is out of sight at once; here its rows are taken out, a bounded number in each
// transaction. Every step can be repeated: a crash between two of them loses nothing but the time.

export interface Removal {
  stop(): Promise<void>;
}

export interface RemovalDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly log: Logger;
}

/** Starts the background removal: at once, and then at intervals of product time, so that moving the clock moves it too. */
export function startRemoval({ store, clock, wall, log }: RemovalDeps): Removal {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const removed = await removeLeftovers(store, clock.now(), stopping.signal);
        await removeArrivals(store, wall.now(), stopping.signal);
        if (removed > 0) log.debug('removed rows of deleted or expired log events', { removed });
      } catch (error) {
        log.error('removal of log events failed; it will be tried again', { error: String(error) });
      }
      await delay(clock, removalIntervalMs, stopping.signal).catch(() => undefined);
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Takes out everything that deleted groups and streams have left, and what retention has ended. Returns the rows removed. */
export async function removeLeftovers(store: Store, nowMs: number, signal: AbortSignal): Promise<number> {
  let removed = 0;
  /** Repeats a step until it finds nothing more. */
  const repeat = async (step: (tx: Transaction) => Promise<number>): Promise<void> => {
    for (let count = 1; count > 0 && !signal.aborted; ) {
      count = await store.transact(step);
      removed += count;
    }
  };
  for await (const [account = '', region = '', groupId = '', streamId = 0] of listKeys(store, removals)) {
    const scope = { account: String(account), region: String(region) };
    const place = [scope.account, scope.region, String(groupId), Number(streamId)];
    await repeat((tx) => {
      // Two servers at the same list must not both count the bytes of a row.
      tx.guard(removals.key(everywhere, place));
      return streamId === 0 ? removeGroup(tx, scope, String(groupId)) : removeStream(tx, scope, String(groupId), Number(streamId));
    });
    if (signal.aborted) return removed;
    await store.transact(async (tx) => {
      removals.clear(tx, everywhere, place);
      if (streamId === 0) tx.clear(storedBytes.key(scope, [String(groupId)]));
    });
  }
  for await (const [account = '', region = '', groupId = ''] of listKeys(store, retentions)) {
    await repeat((tx) => removeExpired(tx, [String(account), String(region), String(groupId)], nowMs));
  }
  return removed;
}

async function removeGroup(tx: Transaction, scope: Scope, groupId: string): Promise<number> {
  const found = await rowsByTime.list(tx, scope, [groupId], { limit: removalRowsMax });
  for (const { parts, row } of found) removeRow(tx, scope, groupId, placeOf(parts, row.bytes));
  if (found.length > 0) return found.length;
  for (const table of [streams, streamNames, streamsByTime] as readonly Table<object>[]) {
    const entries = await table.list(tx, scope, [groupId], { limit: removalRowsMax });
    for (const { parts } of entries) table.clear(tx, scope, parts);
    if (entries.length > 0) return entries.length;
  }
  return 0;
}

async function removeStream(tx: Transaction, scope: Scope, groupId: string, streamId: number): Promise<number> {
  const found = await rows.list(tx, scope, [groupId, streamId], { limit: removalStreamRowsMax });
  for (const { parts, row } of found) {
    removeRow(tx, scope, groupId, { streamId, firstMs: Number(parts[2]), sequence: Number(parts[3]), bytes: row.bytes });
  }
  return found.length;
}

/** Rows of a group whose last event is older than the group keeps events. */
async function removeExpired(tx: Transaction, place: readonly [string, string, string], nowMs: number): Promise<number> {
  const [account, region, groupId] = place;
  const scope = { account, region };
  tx.guard(retentions.key(everywhere, place));
  const retention = await retentions.get(tx, everywhere, place);
  if (!retention) return 0;
  // A row that begins so early ends before the moment of retention.
  const beforeMs = retentionStartMs(nowMs, retention.days) - rowSpanMsMax;
  if (beforeMs <= 0) return 0;
  const found = await rowsByTime.list(tx, scope, [groupId], { before: [groupId, beforeMs], limit: removalRowsMax });
  const touched = new Set<number>();
  for (const { parts, row } of found) {
    const rowPlace = placeOf(parts, row.bytes);
    removeRow(tx, scope, groupId, rowPlace);
    touched.add(rowPlace.streamId);
  }
  for (const streamId of touched) await renewFirstEvent(tx, scope, groupId, streamId);
  return found.length;
}

interface RowPlace {
  readonly streamId: number;
  readonly firstMs: number;
  readonly sequence: number;
  readonly bytes: number;
}

/** From the key of `rowsByTime`. */
function placeOf(parts: readonly KeyPart[], bytes: number): RowPlace {
  return { firstMs: Number(parts[1]), streamId: Number(parts[2]), sequence: Number(parts[3]), bytes };
}

function removeRow(tx: Transaction, scope: Scope, groupId: string, { streamId, firstMs, sequence, bytes }: RowPlace): void {
  rows.clear(tx, scope, [groupId, streamId, firstMs, sequence]);
  rowsByTime.clear(tx, scope, [groupId, firstMs, streamId, sequence]);
  messageParts.clearAll(tx, scope, [groupId, streamId, firstMs, sequence]);
  tx.add(storedBytes.key(scope, [groupId]), BigInt(-bytes));
}

async function renewFirstEvent(tx: Transaction, scope: Scope, groupId: string, streamId: number): Promise<void> {
  const name = (await streamNames.get(tx, scope, [groupId, streamId]))?.name;
  const stream = name === undefined ? undefined : await streams.get(tx, scope, [groupId, name]);
  if (name === undefined || !stream) return;
  const [first] = await rows.list(tx, scope, [groupId, streamId], { limit: 1 });
  const { firstEventMs: _, ...rest } = stream;
  streams.set(tx, scope, [groupId, name], first ? { ...rest, firstEventMs: Number(first.parts[2]) } : rest);
}
