import type { Transaction } from '../../../kv/store.ts';
import { moveBatchBytesMax, passedOverMax } from '../limits.ts';
import type { Queue } from '../queues.ts';
import { countKey, everywhere, fifoMessages, type FifoRow } from '../store.ts';
import { clearContent, readContent } from './content.ts';
import { headOf, readGroup, readHead, setGroup, settleGroup } from './fifo.ts';
import type { MessageDeps } from './messageDeps.ts';
import { bytesToMove, findDeadLetterQueue, moveMessage } from './moveMessage.ts';
import type { TakenMessage, TakeOptions } from './standard.ts';

/** Hides up to `max` messages from the head of a group, in order; none while something of the group is in flight. */
export async function takeFromGroup(
  tx: Transaction,
  queue: Queue,
  groupId: string,
  options: TakeOptions & { readonly max: number },
  deps: MessageDeps,
): Promise<TakenMessage<FifoRow>[]> {
  const { storeId } = queue;
  const { nowMs, visibilityMs, max } = options;
  const group = await readGroup(tx, storeId, groupId);
  if (!group || group.readyAtMs > nowMs) return [];
  const taken: TakenMessage<FifoRow>[] = [];
  const visibleAtMs = nowMs + visibilityMs;
  let removed = 0;
  let bytesMoved = 0;
  let next: { sequence: number; visibleMs: number } | undefined;
  for (let after: number | undefined, more = true; more && taken.length < max && removed < passedOverMax && bytesMoved <= moveBatchBytesMax; ) {
    const rows = await fifoMessages.list(tx, everywhere, [storeId, 'f', groupId], {
      limit: max,
      ...(after === undefined ? {} : { after: [storeId, 'f', groupId, after] }),
    });
    more = rows.length === max;
    for (const { parts, row } of rows) {
      const number = Number(parts[3]);
      after = number;
      if (row.visibleMs > nowMs || taken.length === max || bytesMoved > moveBatchBytesMax) {
        next = { sequence: number, visibleMs: row.visibleMs };
        more = false;
        break;
      }
      if (await passOver(tx, queue, { groupId, number, row, nowMs }, deps)) {
        removed += 1;
        bytesMoved += bytesToMove(row);
        continue;
      }
      const received: FifoRow = { ...row, receives: row.receives + 1, firstMs: row.firstMs ?? nowMs, visibleMs: visibleAtMs };
      fifoMessages.set(tx, everywhere, parts, received);
      taken.push({ id: row.id, row: received, content: await readContent(tx, { storeId, id: row.id }, row.content), visibleAtMs, order: number });
    }
  }
  const flight = taken.map(({ order }) => [order, visibleAtMs] as const);
  if (flight.length > 0) {
    settleGroup(tx, storeId, groupId, group, { ...group, count: group.count - removed, flight });
  } else if (group.count === removed) setGroup(tx, storeId, groupId, group, undefined);
  else {
    next ??= await readHead(tx, storeId, groupId);
    setGroup(tx, storeId, groupId, group, { ...group, count: group.count - removed, flight: [], ...headOf(next, nowMs, group) });
  }
  return taken;
}

interface Candidate {
  readonly groupId: string;
  readonly number: number;
  readonly row: FifoRow;
  readonly nowMs: number;
}

/** Removes what has expired and moves what is dead; false when the message is to be received. */
async function passOver(tx: Transaction, queue: Queue, { groupId, number, row, nowMs }: Candidate, deps: MessageDeps): Promise<boolean> {
  const { storeId, redrive } = queue;
  const expired = row.sentMs + queue.retentionMs <= nowMs;
  const target = !expired && redrive && row.receives >= redrive.maxReceiveCount ? await findDeadLetterQueue(tx, queue, deps.queues) : undefined;
  // A queue that is its own dead-letter queue would write to the very group that is being read.
  if (!expired && (!target || target.storeId === storeId)) return false;
  fifoMessages.clear(tx, everywhere, [storeId, 'f', groupId, number]);
  tx.add(countKey(storeId, 'f'), -1n);
  if (target) await moveMessage(tx, { from: queue, to: target, id: row.id, row: { ...row, group: groupId }, nowMs }, deps);
  else clearContent(tx, { storeId, id: row.id }, row.content);
  return true;
}
