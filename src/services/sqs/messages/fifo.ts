// Messages of FIFO queues. A group is received from only while nothing of it is in flight, so what matters is when that is: one `ready`
// row for each group that holds messages. Whoever touches a group locks it, so that nobody has to run again for it.

import type { Transaction } from '../../../kv/store.ts';
import type { FifoReceipt } from '../domain/receiptHandle.ts';
import type { Sequence } from '../domain/sequence.ts';
import { visibilitySecondsMax } from '../limits.ts';
import { countKey, everywhere, fifoMessages, type FifoRow, type GroupRow, groups, marks, readyGroups } from '../store.ts';
import { clearContent } from './content.ts';
import type { TakeOptions, VisibilityChange } from './standard.ts';

/** The named lock of a group. */
export function groupLock(storeId: string, groupId: string): string {
  return `sqs/${storeId}/${groupId}`;
}

export interface FifoAddition {
  readonly storeId: string;
  readonly groupId: string;
  readonly row: FifoRow;
  readonly nowMs: number;
}

/** Puts a message at the end of its group. Answers its sequence number. */
export async function addFifo(tx: Transaction, { storeId, groupId, row, nowMs }: FifoAddition, sequence: Sequence): Promise<number> {
  const group = await readGroup(tx, storeId, groupId);
  const number = sequence.next(group?.lastSequence);
  fifoMessages.set(tx, everywhere, [storeId, 'f', groupId, number], row);
  tx.add(countKey(storeId, 'f'), 1n);
  if (row.visibleMs > nowMs) marks.set(tx, everywhere, [storeId, 'delayed', row.visibleMs, number], {});
  setGroup(tx, storeId, groupId, group, {
    ...(group ?? { head: number, readyAtMs: row.visibleMs, flight: [] }),
    count: (group?.count ?? 0) + 1,
    lastSequence: number,
  });
  return number;
}

export type FifoDeletion = 'deleted' | 'expired';

/** Deletes a message in flight. One that is not there any more is deleted already; one that has become visible again has to be received anew. */
export async function deleteFifo(tx: Transaction, storeId: string, receipt: FifoReceipt, nowMs: number): Promise<FifoDeletion> {
  const { groupId, sequence } = receipt;
  const place = [storeId, 'f', groupId, sequence];
  const row = await fifoMessages.get(tx, everywhere, place);
  if (!row) return 'deleted';
  if (row.receives !== receipt.receives || row.visibleMs <= nowMs) return 'expired';
  fifoMessages.clear(tx, everywhere, place);
  clearContent(tx, { storeId, id: row.id }, row.content);
  tx.add(countKey(storeId, 'f'), -1n);
  await leaveFlight(tx, storeId, groupId, sequence, nowMs);
  return 'deleted';
}

/** Notes that a message is out of its group, and when the group can be received from. */
export async function leaveFlight(tx: Transaction, storeId: string, groupId: string, sequence: number, nowMs: number): Promise<void> {
  const group = await readGroup(tx, storeId, groupId);
  if (!group) return;
  const count = group.count - 1;
  const flight = group.flight.filter(([number, untilMs]) => number !== sequence && untilMs > nowMs);
  if (count === 0) setGroup(tx, storeId, groupId, group, undefined);
  else if (flight.length > 0) settleGroup(tx, storeId, groupId, group, { ...group, count, flight });
  else setGroup(tx, storeId, groupId, group, { ...group, count, flight, ...headOf(await readHead(tx, storeId, groupId), nowMs, group) });
}

export async function changeFifoVisibility(
  tx: Transaction,
  storeId: string,
  receipt: FifoReceipt,
  { nowMs, visibilityMs }: TakeOptions,
): Promise<VisibilityChange | 'expired'> {
  const { groupId, sequence } = receipt;
  const place = [storeId, 'f', groupId, sequence];
  const row = await fifoMessages.get(tx, everywhere, place);
  if (!row) return 'gone';
  if (row.receives !== receipt.receives || row.visibleMs <= nowMs) return 'expired';
  const visibleMs = nowMs + visibilityMs;
  if (visibleMs > receipt.receivedAtMs + visibilitySecondsMax * 1_000) return 'beyond-limit';
  fifoMessages.set(tx, everywhere, place, { ...row, visibleMs });
  const group = await readGroup(tx, storeId, groupId);
  if (!group) return 'gone';
  const flight = group.flight.map((entry) => (entry[0] === sequence ? ([sequence, visibleMs] as const) : entry));
  settleGroup(tx, storeId, groupId, group, { ...group, flight });
  return 'changed';
}

/** In flight until the last of them is visible again: to hand out the first while a consumer still has the second would turn their order. */
export function settleGroup(tx: Transaction, storeId: string, groupId: string, before: GroupRow, after: GroupRow): void {
  const readyAtMs = Math.max(...after.flight.map(([, untilMs]) => untilMs));
  setGroup(tx, storeId, groupId, before, { ...after, readyAtMs, head: after.flight[0]?.[0] ?? after.head });
}

// A group that has just been served stands behind those that wait already.
export function headOf(head: { readonly sequence: number; readonly visibleMs: number } | undefined, nowMs: number, group: GroupRow): Pick<GroupRow, 'head' | 'readyAtMs'> {
  return head ? { head: head.sequence, readyAtMs: Math.max(head.visibleMs, nowMs) } : { head: group.head, readyAtMs: nowMs };
}

export async function readHead(tx: Transaction, storeId: string, groupId: string): Promise<{ sequence: number; visibleMs: number } | undefined> {
  const [first] = await fifoMessages.list(tx, everywhere, [storeId, 'f', groupId], { limit: 1 });
  return first && { sequence: Number(first.parts[3]), visibleMs: first.row.visibleMs };
}

export function readGroup(tx: Transaction, storeId: string, groupId: string): Promise<GroupRow | undefined> {
  return groups.get(tx, everywhere, [storeId, 'group', groupId]);
}

/** Writes a group and its place among those that can be received from; `after` undefined: it is empty. */
export function setGroup(tx: Transaction, storeId: string, groupId: string, before: GroupRow | undefined, after: GroupRow | undefined): void {
  if (after) groups.set(tx, everywhere, [storeId, 'group', groupId], after);
  else groups.clear(tx, everywhere, [storeId, 'group', groupId]);
  const same = before && after && before.readyAtMs === after.readyAtMs && before.head === after.head;
  if (before && !same) readyGroups.clear(tx, everywhere, [storeId, 'ready', before.readyAtMs, before.head, groupId]);
  if (after && (!same || before.flight.length !== after.flight.length)) {
    readyGroups.set(tx, everywhere, [storeId, 'ready', after.readyAtMs, after.head, groupId], { inFlight: after.flight.length });
  }
}
