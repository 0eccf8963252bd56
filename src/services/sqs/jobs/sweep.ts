// What time and deletions leave behind: expired messages, duplicates' ids that may be used again, the rows of purged and deleted queues.
// All of it is out of sight already; here it is taken out, a bounded number in each transaction.

import { type Clock, delay } from '../../../base/clock.ts';
import type { Logger } from '../../../base/log.ts';
import { clearRangeInPages } from '../../../kv/clearRangeInPages.ts';
import type { Store, Transaction } from '../../../kv/store.ts';
import { type KeyPart, keyRange } from '../../../kv/tuple.ts';
import { sweepIntervalMs, sweepRowsMax } from '../limits.ts';
import { clearContent } from '../messages/content.ts';
import { groupLock, leaveFlight } from '../messages/fifo.ts';
import { removeStandard } from '../messages/standard.ts';
import { openQueue, type Queue } from '../queues.ts';
import { countKey, dedups, everywhere, fifoMessages, marks, messages, queues as queueTable, readyGroups, removals } from '../store.ts';

export interface Sweeper {
  stop(): Promise<void>;
}

export interface SweepDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Sweeps at once, and then at intervals of product time, so that moving the clock moves it too. */
export function startSweeping({ store, clock, log }: SweepDeps): Sweeper {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await sweepAll(store, Math.floor(clock.now()), stopping.signal);
      } catch (error) {
        log.error('sweeping queues failed; it will be tried again', { error: error instanceof Error ? error.stack : String(error) });
      }
      await delay(clock, sweepIntervalMs, stopping.signal).catch(() => undefined);
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

const queuesAtOnce = 100;
const fifoPagesMax = 20;
const groupRowsMax = 100;

export async function sweepAll(store: Store, nowMs: number, signal: AbortSignal): Promise<void> {
  await removeLeftovers(store, signal);
  for (let after: readonly string[] | undefined; !signal.aborted; ) {
    const rows = await store.read((tx) => queueTable.list(tx, everywhere, [], { limit: queuesAtOnce, ...(after === undefined ? {} : { after }) }));
    for (const { parts, row } of rows) {
      if (signal.aborted) return;
      const [account = '', region = '', name = ''] = parts.map(String);
      after = [account, region, name];
      const queue = openQueue({ account, region, name }, row);
      await sweepQueue(store, queue, nowMs);
      if (queue.fifo) for (const id of [row.id, row.storeId]) await forget(store, id, nowMs);
    }
    if (rows.length < queuesAtOnce) return;
  }
}

/** Takes the rows of purged and deleted queues out. */
export async function removeLeftovers(store: Store, signal: AbortSignal): Promise<void> {
  for (;;) {
    const rows = await store.read((tx) => removals.list(tx, everywhere, [], { limit: queuesAtOnce }));
    for (const { parts } of rows) {
      if (signal.aborted) return;
      await clearRangeInPages(store, keyRange([], marks.key(everywhere, [parts[0] ?? ''])));
      await store.transact(async (tx) => removals.clear(tx, everywhere, parts));
    }
    if (rows.length < queuesAtOnce) return;
  }
}

/** Takes expired messages out of one queue. Those that are hidden by a clock that has not run on wait for a later time. */
export async function sweepQueue(store: Store, queue: Queue, nowMs: number): Promise<void> {
  if (queue.fifo) return sweepFifo(store, queue, nowMs);
  for (const lane of [0, 1]) {
    for (;;) {
      const rows = await store.read((tx) =>
        messages.list(tx, everywhere, [queue.storeId, 'm', lane], { limit: sweepRowsMax, before: [queue.storeId, 'm', lane, nowMs - (lane === 0 ? queue.retentionMs : 0) + 1] }),
      );
      const expired = rows.filter(({ row }) => row.sentMs + queue.retentionMs <= nowMs);
      if (expired.length > 0) {
        await store.transact(async (tx) => {
          const current = await Promise.all(expired.map(({ parts }) => messages.get(tx, everywhere, parts)));
          for (const [at, { parts }] of expired.entries()) {
            const row = current[at];
            if (row) removeExpired(tx, queue.storeId, parts, row);
          }
        });
      }
      if (expired.length < sweepRowsMax) break;
    }
  }
}

function removeExpired(tx: Transaction, storeId: string, parts: Parameters<typeof messages.clear>[2], row: Parameters<typeof removeStandard>[3]): void {
  const id = parts[5] as Uint8Array;
  removeStandard(tx, storeId, { lane: Number(parts[2]), visibleAtMs: Number(parts[3]), order: Number(parts[4]), id }, row);
  clearContent(tx, { storeId, id }, row.content);
}

// Groups that nobody is working on, and whose first message is too old; sequence numbers are microseconds (domain/sequence.ts).
async function sweepFifo(store: Store, { storeId, retentionMs }: Queue, nowMs: number): Promise<void> {
  const lastMs = nowMs - retentionMs;
  let after: readonly KeyPart[] | undefined;
  for (let pages = 0; pages < fifoPagesMax; pages += 1) {
    const bounds = { limit: sweepRowsMax, before: [storeId, 'ready', nowMs + 1], ...(after === undefined ? {} : { after }) };
    const rows = await store.read((tx) => readyGroups.list(tx, everywhere, [storeId, 'ready'], bounds));
    after = rows.at(-1)?.parts;
    for (const { parts } of rows) if (Number(parts[3]) <= (lastMs + 1) * 1_000) await sweepGroup(store, storeId, String(parts[4]), { nowMs, lastMs });
    if (rows.length < sweepRowsMax) return;
  }
}

async function sweepGroup(store: Store, storeId: string, groupId: string, { nowMs, lastMs }: { nowMs: number; lastMs: number }): Promise<void> {
  const step = async (tx: Transaction): Promise<boolean> => {
    const rows = await fifoMessages.list(tx, everywhere, [storeId, 'f', groupId], { limit: groupRowsMax });
    const expired = rows.filter(({ row }) => row.sentMs <= lastMs);
    for (const { parts, row } of expired) {
      fifoMessages.clear(tx, everywhere, parts);
      clearContent(tx, { storeId, id: row.id }, row.content);
      tx.add(countKey(storeId, 'f'), -1n);
      await leaveFlight(tx, storeId, groupId, Number(parts[3]), nowMs);
    }
    return expired.length === groupRowsMax;
  };
  while (await store.transact(step, { locks: [groupLock(storeId, groupId)] }));
}

async function forget(store: Store, id: string, nowMs: number): Promise<void> {
  for (const kind of ['forget', 'delayed']) {
    for (;;) {
      const rows = await store.read((tx) => marks.list(tx, everywhere, [id, kind], { limit: sweepRowsMax, before: [id, kind, nowMs + 1] }));
      if (rows.length > 0) {
        await store.transact(async (tx) => {
          for (const { parts } of rows) {
            marks.clear(tx, everywhere, parts);
            if (kind !== 'forget') continue;
            // It may have been written anew meanwhile.
            const remembered = [id, ...parts.slice(3)];
            const row = await dedups.get(tx, everywhere, remembered);
            if (row && row.untilMs <= nowMs) dedups.clear(tx, everywhere, remembered);
          }
        });
      }
      if (rows.length < sweepRowsMax) break;
    }
  }
}
