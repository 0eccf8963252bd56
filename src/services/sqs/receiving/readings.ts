import type { Store } from '../../../kv/store.ts';
import { keyRange, unpackKey } from '../../../kv/tuple.ts';
import { fairGroups, fairRows } from '../limits.ts';
import type { StandardPlace } from '../messages/standard.ts';
import { everywhere, marks, messages, readyGroups } from '../store.ts';
import type { Candidate, Reading } from './shelf.ts';

/**
 * The rows of a standard queue: those never received and those received before, whichever became visible first. Where messages have groups
 * these take turns, so that a group with very many does not keep the others waiting (developer guide, "fair queues").
 */
export function readStandard(store: Store, storeId: string): Reading<StandardPlace> {
  const place = (key: Uint8Array): StandardPlace => {
    const [lane, visibleAtMs, order, id] = unpackKey(key).slice(-4);
    return { lane: Number(lane), visibleAtMs: Number(visibleAtMs), order: Number(order), id: id as Uint8Array };
  };
  const candidate = (found: StandardPlace): Candidate<StandardPlace> => ({ id: identityOf(found), place: found });
  let lastGroup: string | undefined;

  /** The next groups after those of the last reading, and their first messages. */
  async function readTurns(nowMs: number): Promise<StandardPlace[][]> {
    const all = keyRange([], marks.key(everywhere, [storeId, 'fair']));
    const within = (group: string) => keyRange([], marks.key(everywhere, [storeId, 'fair', group]));
    return store.read(async (tx) => {
      const found: StandardPlace[][] = [];
      const seen = new Set<string>();
      for (let from = lastGroup === undefined ? all.from : within(lastGroup).to; found.length < fairGroups; ) {
        const [next] = await tx.range({ from, to: all.to, limit: 1 });
        if (!next && Buffer.compare(from, all.from) === 0) break;
        const group = next && String(unpackKey(next.key).at(-4));
        if (group === undefined) {
          from = all.from;
          lastGroup = undefined;
          continue;
        }
        if (seen.has(group)) break;
        seen.add(group);
        const rows = await tx.range({ from: within(group).from, to: marks.key(everywhere, [storeId, 'fair', group, nowMs + 1]), limit: fairRows });
        if (rows.length > 0) found.push(rows.map(({ key }) => ({ ...place(key), lane: 0 })));
        lastGroup = group;
        from = within(group).to;
      }
      return found;
    });
  }

  const bound = (lane: number, ms: number): Uint8Array => messages.key(everywhere, [storeId, 'm', lane, ms]);
  return {
    prefix: messages.key(everywhere, [storeId, 'm']),
    async visible(nowMs, limit) {
      const lanes = await store.read((tx) =>
        Promise.all([0, 1].map((lane) => tx.range({ from: bound(lane, 0), to: bound(lane, nowMs + 1), limit: Math.min(limit, 10_000) }))),
      );
      const [fresh = [], again = []] = lanes.map((rows) => rows.map(({ key }) => place(key)));
      const all = again.length === 0 ? fresh : fresh.length === 0 ? again : [...fresh, ...again].sort((a, b) => a.visibleAtMs - b.visibleAtMs);
      const fair = await readTurns(nowMs);
      // Those received before, or without a group, are one more group.
      return fair.length === 0 ? all.slice(0, limit).map(candidate) : takeTurns([...fair, all], limit).map(candidate);
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

function identityOf({ order, id }: StandardPlace): string {
  return `${order}/${Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1')}`;
}

/** One of each in turn, each once. */
function takeTurns(lists: readonly (readonly StandardPlace[])[], limit: number): StandardPlace[] {
  const taken = new Map<string, StandardPlace>();
  const longest = Math.max(...lists.map((list) => list.length));
  for (let at = 0; at < longest && taken.size < limit; at += 1) {
    for (const list of lists) {
      const next = list[at];
      if (next && taken.size < limit) taken.set(identityOf(next), next);
    }
  }
  return [...taken.values()];
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
