// What a receipt handle is good for: deleting a message, and hiding it for another time.

import type { Transaction } from '../../../kv/store.ts';
import { type FifoReceipt, parseReceipt, type StandardReceipt } from '../domain/receiptHandle.ts';
import { invalidValue, messageGone, missingParameter, receiptHandleExpired, receiptHandleInvalid } from '../errors.ts';
import { visibilitySecondsMax } from '../limits.ts';
import type { Queue } from '../queues.ts';
import { changeFifoVisibility, deleteFifo, groupLock } from './fifo.ts';
import { changeStandardVisibility, deleteStandard } from './standard.ts';

/** A handle of this very queue, or the refusal. */
export function requireReceipt(queue: Queue, handle: string | undefined): StandardReceipt | FifoReceipt {
  if (handle === undefined || handle === '') throw missingParameter('ReceiptHandle');
  const receipt = parseReceipt(handle);
  if (!receipt || receipt.queueId !== queue.row.id || (receipt.kind === 'fifo') !== queue.fifo) throw receiptHandleInvalid(handle);
  return receipt;
}

/** The locks to hold while these handles are used. */
export function receiptLocks(queue: Queue, handles: readonly (string | undefined)[]): string[] {
  if (!queue.fifo) return [];
  return handles.flatMap((handle) => {
    const receipt = parseReceipt(handle ?? '');
    return receipt?.kind === 'fifo' ? [groupLock(queue.storeId, receipt.groupId)] : [];
  });
}

/** What was purged meanwhile is deleted already. */
export async function deleteByHandle(tx: Transaction, queue: Queue, handle: string | undefined, nowMs: number): Promise<void> {
  const receipt = requireReceipt(queue, handle);
  if (receipt.storeId !== queue.storeId) return;
  if (receipt.kind === 'standard') await deleteStandard(tx, queue.storeId, receipt);
  else if ((await deleteFifo(tx, queue.storeId, receipt, nowMs)) === 'expired') throw receiptHandleExpired(handle ?? '');
}

export function requireVisibilitySeconds(seconds: number | undefined): number {
  if (seconds === undefined) throw missingParameter('VisibilityTimeout');
  if (seconds < 0 || seconds > visibilitySecondsMax) {
    throw invalidValue(seconds, 'VisibilityTimeout', `VisibilityTimeout must be an integer between 0 and ${visibilitySecondsMax}.`);
  }
  return seconds;
}

export async function changeVisibility(tx: Transaction, queue: Queue, handle: string | undefined, seconds: number, nowMs: number): Promise<void> {
  const receipt = requireReceipt(queue, handle);
  const options = { nowMs, visibilityMs: seconds * 1_000 };
  const result =
    receipt.storeId !== queue.storeId
      ? 'gone'
      : receipt.kind === 'standard'
        ? await changeStandardVisibility(tx, queue.storeId, receipt, options)
        : await changeFifoVisibility(tx, queue.storeId, receipt, options);
  if (result === 'changed') return;
  if (result === 'expired') throw receiptHandleExpired(handle ?? '');
  if (result === 'gone') throw messageGone(handle ?? '');
  throw invalidValue(seconds, 'VisibilityTimeout', `Total VisibilityTimeout for the message is beyond the limit [${visibilitySecondsMax} seconds].`);
}
