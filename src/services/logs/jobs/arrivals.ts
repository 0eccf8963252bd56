import { liveSessions } from '../arrivals.ts';
import { arrivalKeptMs, removalRowsMax } from '../limits.ts';
import { arrivals, everywhere, tails } from '../store.ts';
import type { ArrivalRow } from '../store.ts';
import { listKeys } from './listKeys.ts';
import { decodeRecord } from '../../../kv/record.ts';
import type { Store } from '../../../kv/store.ts';
import { prefixEnd } from '../../../kv/tuple.ts';

/** Takes out of the lists of arrivals what no live tail waits for any more, and forgets sessions that a crash has left behind. */
export async function removeArrivals(store: Store, wallMs: number, signal: AbortSignal): Promise<void> {
  for await (const [account = '', region = '', groupId = ''] of listKeys(store, tails)) {
    const place = [String(account), String(region), String(groupId)] as const;
    for (let more = true; more && !signal.aborted; ) more = await removeSome(store, place, wallMs);
  }
}

/** One transaction's worth; true when there may be more. */
function removeSome(store: Store, place: readonly [string, string, string], wallMs: number): Promise<boolean> {
  const [account, region, groupId] = place;
  const prefix = arrivals.key({ account, region }, [groupId]);
  const to = prefixEnd(prefix) ?? prefix;
  return store.transact(async (tx) => {
    const tail = await tails.get(tx, everywhere, place);
    if (!tail) return false;
    const sessions = liveSessions(tail, wallMs);
    const found = await tx.range({ from: prefix, to, limit: removalRowsMax });
    const old = found.filter(({ key, value }) => sessions.length === 0 || wallMs - decodeRecord<ArrivalRow>(value, key).atMs > arrivalKeptMs);
    for (const { key } of old) tx.clear(key);
    // While someone lists arrivals the row stays: it is what appends look at.
    if (sessions.length < tail.sessions.length) tails.set(tx, everywhere, place, { sessions });
    else if (sessions.length === 0 && found.length === 0) tails.clear(tx, everywhere, place);
    return old.length > 0 && (old.length === removalRowsMax || sessions.length === 0);
  });
}
