// A receive of a FIFO queue can be repeated under the same attempt id, when its answer was lost: within five minutes it gets the same
// messages and handles, as long as nothing was done to them (API reference, ReceiveMessage, ReceiveRequestAttemptId).

import type { Transaction } from '../../../kv/store.ts';
import { deduplicationMs } from '../limits.ts';
import { attempts, everywhere, fifoMessages, type FifoRow, marks } from '../store.ts';
import { readContent } from './content.ts';
import { readGroup, setGroup } from './fifo.ts';
import type { TakenMessage, TakeOptions } from './standard.ts';

type AttemptMessage = readonly [groupId: string, sequence: number, receives: number];

export async function noteAttempt(tx: Transaction, storeId: string, attemptId: string, messages: readonly AttemptMessage[], nowMs: number): Promise<void> {
  const untilMs = nowMs + deduplicationMs;
  const earlier = await attempts.get(tx, everywhere, [storeId, 'attempt', attemptId]);
  if (earlier) marks.clear(tx, everywhere, [storeId, 'forget', earlier.untilMs, 'attempt', attemptId]);
  attempts.set(tx, everywhere, [storeId, 'attempt', attemptId], { untilMs, messages });
  marks.set(tx, everywhere, [storeId, 'forget', untilMs, 'attempt', attemptId], {});
}

export interface RepeatedAttempt {
  readonly receivedAtMs: number;
  readonly messages: readonly { readonly group: string; readonly message: TakenMessage<FifoRow> }[];
}

/** What the same attempt was given before, hidden for its time anew. */
export async function findAttempt(
  tx: Transaction,
  storeId: string,
  attemptId: string,
  { nowMs, visibilityMs }: TakeOptions,
): Promise<RepeatedAttempt | undefined> {
  const attempt = await attempts.get(tx, everywhere, [storeId, 'attempt', attemptId]);
  if (!attempt || attempt.untilMs <= nowMs) return undefined;
  const rows = await Promise.all(attempt.messages.map(([group, sequence]) => fifoMessages.get(tx, everywhere, [storeId, 'f', group, sequence])));
  const untouched = rows.every((row, at) => row !== undefined && row.receives === attempt.messages[at]?.[2] && row.visibleMs > nowMs);
  if (!untouched) return undefined;
  const visibleMs = nowMs + visibilityMs;
  const messages: { group: string; message: TakenMessage<FifoRow> }[] = [];
  for (const [at, [group, sequence]] of attempt.messages.entries()) {
    const row = { ...(rows[at] as FifoRow), visibleMs };
    fifoMessages.set(tx, everywhere, [storeId, 'f', group, sequence], row);
    const before = await readGroup(tx, storeId, group);
    if (!before) return undefined;
    const flight = before.flight.map((entry) => (entry[0] === sequence ? ([sequence, visibleMs] as const) : entry));
    setGroup(tx, storeId, group, before, { ...before, flight, readyAtMs: Math.max(...flight.map(([, untilMs]) => untilMs)) });
    messages.push({ group, message: { id: row.id, row, content: await readContent(tx, { storeId, id: row.id }, row.content), visibleAtMs: visibleMs, order: sequence } });
  }
  return { receivedAtMs: attempt.untilMs - deduplicationMs, messages };
}
