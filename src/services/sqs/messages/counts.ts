// How many messages a queue holds. DEVIATION: the Approximate… attributes are exact, up to what changes while they are counted.

import { nextKey } from '../../../kv/tuple.ts';
import { decodeCounter } from '../../../kv/counter.ts';
import { decodeRecord } from '../../../kv/record.ts';
import type { Store } from '../../../kv/store.ts';
import { countPageRows } from '../limits.ts';
import type { Queue } from '../queues.ts';
import { type CountKind, countKey, everywhere, marks, messages, readyGroups, type ReadyRow } from '../store.ts';

export interface MessageCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export async function countMessages(store: Store, queue: Queue, nowMs: number): Promise<MessageCounts> {
  const { storeId } = queue;
  if (!queue.fifo) {
    const [delayed, inFlight] = await Promise.all([countHidden(store, storeId, 0, nowMs), countHidden(store, storeId, 1, nowMs)]);
    return { visible: delayed.total - delayed.hidden + inFlight.total - inFlight.hidden, inFlight: inFlight.hidden, delayed: delayed.hidden };
  }
  const total = await readTotal(store, storeId, 'f');
  if (total === 0) return { visible: 0, inFlight: 0, delayed: 0 };
  const inFlight = await sumInFlight(store, storeId, nowMs);
  const delayed = await countRange(store, marks.key(everywhere, [storeId, 'delayed', nowMs + 1]), marks.key(everywhere, [storeId, 'delayed', Number.MAX_SAFE_INTEGER]));
  return { visible: Math.max(0, total - inFlight - delayed), inFlight, delayed };
}

/** How many are in flight: exact from `enough` on, below that an upper bound that costs one read. */
export async function countInFlight(store: Store, queue: Queue, nowMs: number, enough: number): Promise<number> {
  const total = await readTotal(store, queue.storeId, queue.fifo ? 'f' : '1');
  if (total < enough) return total;
  return queue.fifo ? sumInFlight(store, queue.storeId, nowMs) : (await countHidden(store, queue.storeId, 1, nowMs)).hidden;
}

async function readTotal(store: Store, storeId: string, kind: CountKind): Promise<number> {
  const key = countKey(storeId, kind);
  const [value] = await store.getMany([key]);
  return Number(decodeCounter(value, key));
}

// Rows are counted from both ends by turns, and the shorter side says what the other must be.
async function countHidden(store: Store, storeId: string, lane: 0 | 1, nowMs: number): Promise<{ total: number; hidden: number }> {
  const bound = (ms: number): Uint8Array => messages.key(everywhere, [storeId, 'm', lane, ms]);
  const shown = { from: bound(0), to: bound(nowMs + 1), count: 0 };
  const hidden = { from: bound(nowMs + 1), to: messages.key(everywhere, [storeId, 'm', lane + 1]), count: 0 };
  const key = countKey(storeId, lane === 0 ? '0' : '1');
  for (;;) {
    for (const side of [shown, hidden]) {
      const page = await store.read(async (tx) => ({ rows: await tx.range({ from: side.from, to: side.to, limit: countPageRows }), total: await tx.get(key) }));
      side.count += page.rows.length;
      const last = page.rows.at(-1);
      if (page.rows.length < countPageRows || last === undefined) {
        const total = Number(decodeCounter(page.total, key));
        return { total, hidden: side === hidden ? side.count : Math.max(0, total - side.count) };
      }
      side.from = nextKey(last.key);
    }
  }
}

async function sumInFlight(store: Store, storeId: string, nowMs: number): Promise<number> {
  let sum = 0;
  await forEachPage(store, readyGroups.key(everywhere, [storeId, 'ready', nowMs + 1]), readyGroups.key(everywhere, [storeId, 'ready', Number.MAX_SAFE_INTEGER]), (values) => {
    for (const value of values) sum += decodeRecord<ReadyRow>(value).inFlight;
  });
  return sum;
}

async function countRange(store: Store, from: Uint8Array, to: Uint8Array): Promise<number> {
  let count = 0;
  await forEachPage(store, from, to, (values) => (count += values.length));
  return count;
}

async function forEachPage(store: Store, start: Uint8Array, to: Uint8Array, see: (values: readonly Uint8Array[]) => void): Promise<void> {
  for (let from = start; ; ) {
    const rows = await store.read((tx) => tx.range({ from, to, limit: countPageRows }));
    see(rows.map(({ value }) => value));
    const last = rows.at(-1);
    if (rows.length < countPageRows || last === undefined) return;
    from = nextKey(last.key);
  }
}
