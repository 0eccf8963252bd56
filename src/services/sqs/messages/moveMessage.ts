import type { Transaction } from '../../../kv/store.ts';
import { parseQueueArn, type Queue, type QueueReads } from '../queues.ts';
import type { MessageRow } from '../store.ts';
import { inlineBytesMax, partBytes } from '../limits.ts';
import { clearContent, type ContentPlace, readContent, writeContent } from './content.ts';
import { addFifo } from './fifo.ts';
import type { MessageDeps } from './messageDeps.ts';
import { addStandard } from './standard.ts';

/** The dead-letter queue of a queue; undefined when it has none, or it was deleted: then messages are received as if there were none. */
export async function findDeadLetterQueue(tx: Transaction, queue: Queue, queues: QueueReads): Promise<Queue | undefined> {
  const name = queue.redrive && parseQueueArn(queue.redrive.deadLetterTargetArn);
  const target = name && (await queues.find(tx, name));
  return target?.fifo === queue.fifo ? target : undefined;
}

export interface Move {
  readonly from: Queue;
  readonly to: Queue;
  readonly id: Uint8Array;
  readonly row: MessageRow & { readonly dedupId?: string };
  readonly nowMs: number;
  /** A message that goes back from a dead-letter queue is a new one there, with an id of its own (developer guide, "dead-letter queue redrive"). */
  readonly newId?: Uint8Array;
}

/** What a move writes, roughly: transactions are bounded. */
export function bytesToMove({ content }: MessageRow): number {
  return typeof content === 'number' ? content * partBytes : inlineBytesMax;
}

/**
 * Puts a message that the caller has taken out of one queue into another. On its way to a dead-letter queue it keeps its id and how often it
 * was received, and in a standard queue also when it was sent; FIFO queues count its age anew (developer guide, "dead-letter queues").
 */
export async function moveMessage(tx: Transaction, { from, to, id: oldId, row, nowMs, newId }: Move, deps: MessageDeps): Promise<void> {
  const { group, dedupId, firstMs, md5, sender, trace } = row;
  const id = newId ?? oldId;
  const back = newId !== undefined;
  const kept: MessageRow = {
    content: await moveContent(tx, { storeId: from.storeId, id: oldId }, { storeId: to.storeId, id }, row),
    md5,
    sentMs: to.fifo || back ? nowMs : row.sentMs,
    sender,
    receives: back ? 0 : row.receives,
    ...(firstMs === undefined || back ? {} : { firstMs }),
    ...(trace === undefined ? {} : { trace }),
    ...(back ? {} : { deadOf: from.arn }),
  };
  if (!to.fifo) {
    addStandard(tx, to.storeId, { visibleAtMs: nowMs, order: deps.sequence.next(), id }, group === undefined ? kept : { ...kept, group });
    return;
  }
  const groupId = group ?? '';
  await addFifo(tx, { storeId: to.storeId, groupId, row: { ...kept, id, dedupId: dedupId ?? '', visibleMs: nowMs }, nowMs }, deps.sequence);
}

async function moveContent(tx: Transaction, from: ContentPlace, to: ContentPlace, row: MessageRow): Promise<MessageRow['content']> {
  if (typeof row.content !== 'number') return row.content;
  const content = await readContent(tx, from, row.content);
  clearContent(tx, from, row.content);
  return writeContent(tx, to, content, Infinity);
}
