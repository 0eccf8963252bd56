import type { Transaction } from '../../../kv/store.ts';
import { moveBatchBytesMax } from '../limits.ts';
import type { Queue } from '../queues.ts';
import { countKey, everywhere, type MessageRow, messages } from '../store.ts';
import { clearContent, readContent } from './content.ts';
import type { MessageDeps } from './messageDeps.ts';
import { bytesToMove, findDeadLetterQueue, moveMessage } from './moveMessage.ts';
import { partsOf, removeStandard, setMessage, type StandardPlace, type TakenMessage, type TakeOptions } from './standard.ts';

/** Hides those of `places` that are still there, and answers them. The expired go, and the dead ones move. */
export async function takeStandard(
  tx: Transaction,
  queue: Queue,
  places: readonly StandardPlace[],
  { nowMs, visibilityMs }: TakeOptions,
  deps: MessageDeps,
): Promise<TakenMessage[]> {
  const { storeId } = queue;
  const rows = await Promise.all(places.map((place) => messages.get(tx, everywhere, partsOf(storeId, place))));
  const taken: TakenMessage[] = [];
  let bytesMoved = 0;
  for (const [at, place] of places.entries()) {
    const row = rows[at];
    if (row === undefined) continue;
    const content = { storeId, id: place.id };
    if (row.sentMs + queue.retentionMs <= nowMs) {
      removeStandard(tx, storeId, place, row);
      clearContent(tx, content, row.content);
      continue;
    }
    const isDead = queue.redrive !== undefined && row.receives >= queue.redrive.maxReceiveCount;
    const target = isDead ? await findDeadLetterQueue(tx, queue, deps.queues) : undefined;
    // A queue that is its own dead-letter queue gives its messages out for ever.
    if (target && target.storeId !== storeId) {
      if (bytesMoved > moveBatchBytesMax) continue;
      bytesMoved += bytesToMove(row);
      removeStandard(tx, storeId, place, row);
      await moveMessage(tx, { from: queue, to: target, id: place.id, row, nowMs }, deps);
      continue;
    }
    removeStandard(tx, storeId, place, row);
    const visibleAtMs = nowMs + visibilityMs;
    const { moved: _, ...rest } = row;
    const received: MessageRow = { ...rest, receives: row.receives + 1, firstMs: row.firstMs ?? nowMs };
    setMessage(tx, storeId, { ...place, lane: 1, visibleAtMs }, received);
    tx.add(countKey(storeId, '1'), 1n);
    taken.push({ id: place.id, row: received, content: await readContent(tx, content, row.content), visibleAtMs, order: place.order });
  }
  return taken;
}
