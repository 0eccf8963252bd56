// Messages of standard queues: one row each, under the time from which it may be received.

import type { Transaction } from '../../../kv/store.ts';
import type { StandardReceipt } from '../domain/receiptHandle.ts';
import { visibilitySecondsMax } from '../limits.ts';
import { type Content, type SealedContent, countKey, everywhere, marks, type MessageRow, messages, movedMessages } from '../store.ts';
import { clearContent } from './content.ts';

/** Where a row lies below its queue. */
export interface StandardPlace {
  readonly lane: number;
  readonly visibleAtMs: number;
  readonly order: number;
  /** Sixteen bytes. */
  readonly id: Uint8Array;
}

export interface TakenMessage<Row extends MessageRow = MessageRow> {
  readonly id: Uint8Array;
  /** As it is now that it has been received. */
  readonly row: Row;
  readonly content: Content | SealedContent;
  readonly visibleAtMs: number;
  readonly order: number;
}

export interface TakeOptions {
  readonly nowMs: number;
  readonly visibilityMs: number;
}

/** Puts a message that has not been received in this queue yet. */
export function addStandard(tx: Transaction, storeId: string, place: Omit<StandardPlace, 'lane'>, row: MessageRow): void {
  setMessage(tx, storeId, { ...place, lane: 0 }, row);
  if (row.group !== undefined) marks.set(tx, everywhere, fairParts(storeId, row.group, place), {});
  tx.add(countKey(storeId, '0'), 1n);
}

/** Takes a row out; its content stays. */
export function removeStandard(tx: Transaction, storeId: string, place: StandardPlace, row: MessageRow): void {
  messages.clear(tx, everywhere, partsOf(storeId, place));
  if (row.moved) movedMessages.clear(tx, everywhere, [storeId, 'moved', place.id]);
  if (place.lane === 0 && row.group !== undefined) marks.clear(tx, everywhere, fairParts(storeId, row.group, place));
  tx.add(countKey(storeId, place.lane === 0 ? '0' : '1'), -1n);
}

/** The row that a receipt is for, as long as nobody has received it since. */
export async function findReceived(
  tx: Transaction,
  storeId: string,
  receipt: StandardReceipt,
): Promise<{ readonly place: StandardPlace; readonly row: MessageRow } | undefined> {
  const { order, messageId: id, visibleAtMs, receives } = receipt;
  let place: StandardPlace = { lane: 1, visibleAtMs, order, id };
  let row = await messages.get(tx, everywhere, partsOf(storeId, place));
  if (row === undefined) {
    const moved = await movedMessages.get(tx, everywhere, [storeId, 'moved', id]);
    if (moved === undefined) return undefined;
    place = { ...place, visibleAtMs: moved.visibleAtMs };
    row = await messages.get(tx, everywhere, partsOf(storeId, place));
  }
  return row?.receives === receives ? { place, row } : undefined;
}

/** A receipt that is not the newest deletes nothing, and that is no error (API reference, DeleteMessage). */
export async function deleteStandard(tx: Transaction, storeId: string, receipt: StandardReceipt): Promise<void> {
  const found = await findReceived(tx, storeId, receipt);
  if (!found) return;
  removeStandard(tx, storeId, found.place, found.row);
  clearContent(tx, { storeId, id: found.place.id }, found.row.content);
}

export type VisibilityChange = 'changed' | 'gone' | 'beyond-limit';

/** Hides a message for another time from now on, which also works when it had become visible again (recorded from the service). */
export async function changeStandardVisibility(
  tx: Transaction,
  storeId: string,
  receipt: StandardReceipt,
  { nowMs, visibilityMs }: TakeOptions,
): Promise<VisibilityChange> {
  const found = await findReceived(tx, storeId, receipt);
  if (!found) return 'gone';
  const visibleAtMs = nowMs + visibilityMs;
  if (visibleAtMs > receipt.receivedAtMs + visibilitySecondsMax * 1_000) return 'beyond-limit';
  const { place, row } = found;
  messages.clear(tx, everywhere, partsOf(storeId, place));
  setMessage(tx, storeId, { ...place, visibleAtMs }, { ...row, moved: true });
  movedMessages.set(tx, everywhere, [storeId, 'moved', place.id], { visibleAtMs, lane: 1 });
  return 'changed';
}

export function setMessage(tx: Transaction, storeId: string, place: StandardPlace, row: MessageRow): void {
  messages.set(tx, everywhere, partsOf(storeId, place), row);
}

function fairParts(storeId: string, group: string, { visibleAtMs, order, id }: Omit<StandardPlace, 'lane'>) {
  return [storeId, 'fair', group, visibleAtMs, order, id];
}

export function partsOf(storeId: string, { lane, visibleAtMs, order, id }: StandardPlace) {
  return [storeId, 'm', lane, visibleAtMs, order, id];
}
