import { tailLeftMs } from './limits.ts';
import { arrivals, everywhere, tails } from './store.ts';
import type { ArrivalRow, TailRow } from './store.ts';
import { decodeRecord } from '../../kv/record.ts';
import type { Stamp, Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { prefixEnd } from '../../kv/tuple.ts';

// A live tail follows what arrives, whatever time its events carry. The order of arrival is kept only while someone tails a
// group: the list costs a write for every append, and is of no use to anyone else. jobs/arrivals.ts takes it out again.

export interface TailedGroup {
  readonly scope: Scope;
  readonly groupId: string;
}

/** Makes appends to the group list what arrives. Returns where the list ends now. */
export function openTail(store: Store, group: TailedGroup, sessionId: string, wallMs: number): Promise<Stamp | undefined> {
  const prefix = arrivals.key(group.scope, [group.groupId]);
  const to = prefixEnd(prefix) ?? prefix;
  return store.transact(async (tx) => {
    const place = placeOf(group);
    const sessions = liveSessions(await tails.get(tx, everywhere, place), wallMs);
    tails.set(tx, everywhere, place, { sessions: [...sessions, { id: sessionId, startedAtMs: wallMs }] });
    const [last] = await tx.range({ from: prefix, to, limit: 1, reverse: true });
    return last?.key.subarray(prefix.length);
  });
}

/** What the session no longer needs is left to the background. May be repeated. */
export async function closeTail(store: Store, group: TailedGroup, sessionId: string): Promise<void> {
  await store.transact(async (tx) => {
    const place = placeOf(group);
    const tail = await tails.get(tx, everywhere, place);
    if (!tail) return;
    tails.set(tx, everywhere, place, { sessions: tail.sessions.filter(({ id }) => id !== sessionId) });
  });
}

export interface Arrival {
  readonly stamp: Stamp;
  readonly arrival: ArrivalRow;
}

/** What has arrived after a place in the list, in the order of its commits. */
export async function readArrivals(store: Store, { scope, groupId }: TailedGroup, after: Stamp | undefined, limit: number): Promise<Arrival[]> {
  const prefix = arrivals.key(scope, [groupId]);
  const found = await store.tail(prefix, after, limit);
  return found.map(({ key, value }) => ({ stamp: key.subarray(prefix.length), arrival: decodeRecord<ArrivalRow>(value, key) }));
}

/** Without those that a crash has left behind. */
export function liveSessions(tail: TailRow | undefined, wallMs: number): TailRow['sessions'] {
  return (tail?.sessions ?? []).filter(({ startedAtMs }) => wallMs - startedAtMs <= tailLeftMs);
}

function placeOf({ scope, groupId }: TailedGroup): readonly [string, string, string] {
  return [scope.account, scope.region, groupId];
}
