import type { Transaction } from '../../../kv/store.ts';
import { parseQueueArn, type Queue, type QueueReads } from '../queues.ts';
import type { MessageRow } from '../store.ts';
import { clearContent, readContent, writeContent } from './content.ts';
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
  /** A message that goes back from a dead-letter queue is a new one there (developer guide, "dead-letter queue redrive"). */
  readonly back?: true;
}

/**
 * Puts a message that the caller has taken out of one queue into another. On its way to a dead-letter queue it keeps its id and how often it
 * was received, and in a standard queue also when it was sent; FIFO queues count its age anew (developer guide, "dead-letter queues").
 */
export async function moveMessage(tx: Transaction, { from, to, id, row, nowMs, back }: Move, deps: MessageDeps): Promise<void> {
  const { moved: _moved, deadOf: _deadOf, group, dedupId, firstMs, ...rest } = row as Move['row'] & { readonly visibleMs?: number; readonly id?: Uint8Array };
  const content = await moveContent(tx, from.storeId, to.storeId, id, row);
  const sentMs = to.fifo || back ? nowMs : row.sentMs;
  const kept: MessageRow = {
    content,
    md5: rest.md5,
    sentMs,
    sender: rest.sender,
    receives: back ? 0 : rest.receives,
    ...(firstMs === undefined || back ? {} : { firstMs }),
    ...(rest.trace === undefined ? {} : { trace: rest.trace }),
    ...(back ? {} : { deadOf: from.arn }),
  };
  if (!to.fifo) {
    addStandard(tx, to.storeId, { visibleAtMs: nowMs, order: deps.sequence.next(), id }, group === undefined ? kept : { ...kept, group });
    return;
  }
  const groupId = group ?? '';
  await addFifo(tx, { storeId: to.storeId, groupId, row: { ...kept, id, dedupId: dedupId ?? '', visibleMs: nowMs }, nowMs }, deps.sequence);
}

async function moveContent(tx: Transaction, fromId: string, toId: string, id: Uint8Array, row: MessageRow): Promise<MessageRow['content']> {
  if (typeof row.content !== 'number') return row.content;
  const content = await readContent(tx, { storeId: fromId, id }, row.content);
  clearContent(tx, { storeId: fromId, id }, row.content);
  return writeContent(tx, { storeId: toId, id }, content, Infinity);
}
