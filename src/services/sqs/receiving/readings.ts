import type { Store } from '../../../kv/store.ts';
import { unpackKey } from '../../../kv/tuple.ts';
import type { StandardPlace } from '../messages/standard.ts';
import { everywhere, messages, readyGroups } from '../store.ts';
import type { Candidate, Reading } from './shelf.ts';

/** The rows of a standard queue: those never received and those received before, whichever became visible first. */
export function readStandard(store: Store, storeId: string): Reading<StandardPlace> {
  const place = (key: Uint8Array): StandardPlace => {
    const [lane, visibleAtMs, order, id] = unpackKey(key).slice(-4);
    return { lane: Number(lane), visibleAtMs: Number(visibleAtMs), order: Number(order), id: id as Uint8Array };
  };
  const bound = (lane: number, ms: number): Uint8Array => messages.key(everywhere, [storeId, 'm', lane, ms]);
  return {
    prefix: messages.key(everywhere, [storeId, 'm']),
    async visible(nowMs, limit) {
      const lanes = await store.read((tx) =>
        Promise.all([0, 1].map((lane) => tx.range({ from: bound(lane, 0), to: bound(lane, nowMs + 1), limit: Math.min(limit, 10_000) }))),
      );
      const [fresh = [], again = []] = lanes.map((rows) => rows.map(({ key }) => place(key)));
      const all = again.length === 0 ? fresh : fresh.length === 0 ? again : [...fresh, ...again].sort((a, b) => a.visibleAtMs - b.visibleAtMs);
      return all.slice(0, limit).map((found) => ({ id: `${found.order}/${Buffer.from(found.id).toString('latin1')}`, place: found }));
    },
    async nextVisibleMs(nowMs) {
      const rows = await store.read((tx) =>
        Promise.all([0, 1].map((lane) => tx.range({ from: bound(lane, nowMs + 1), to: messages.key(everywhere, [storeId, 'm', lane + 1]), limit: 1 }))),
      );
      const times = rows.flatMap(([row]) => (row ? [place(row.key).visibleAtMs] : []));
      return times.length === 0 ? undefined : Math.min(...times);
    },
  };
}

/** The groups of a FIFO queue that can be received from. */
export function readFifo(store: Store, storeId: string): Reading<string> {
  const bound = (ms: number): Uint8Array => readyGroups.key(everywhere, [storeId, 'ready', ms]);
  const candidate = (key: Uint8Array): Candidate<string> => {
    const groupId = String(unpackKey(key).at(-1));
    return { id: groupId, place: groupId };
  };
  return {
    prefix: readyGroups.key(everywhere, [storeId, 'ready']),
    async visible(nowMs, limit) {
      const rows = await store.read((tx) => tx.range({ from: bound(0), to: bound(nowMs + 1), limit: Math.min(limit, 10_000) }));
      return rows.map(({ key }) => candidate(key));
    },
    async nextVisibleMs(nowMs) {
      const to = readyGroups.key(everywhere, [storeId, 'ready', Number.MAX_SAFE_INTEGER]);
      const [row] = await store.read((tx) => tx.range({ from: bound(nowMs + 1), to, limit: 1 }));
      return row && Number(unpackKey(row.key).at(-3));
    },
  };
}
