// The transactions that end or put off an attempt. Each reads the envelope, so of two that would settle it only one does; the number of
// failed attempts tells a late attempt from the present one.
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { decodeRecord, encodeRecord } from '../kv/record.ts';
import type { Key, ReadTransaction, Transaction } from '../kv/store.ts';
import type { Timers } from '../kv/timers.ts';
import type { DeliveryTarget, Envelope } from '../ports/outbox.ts';
import { deadKeptMs, retryMsFirst, retryMsMax } from './limits.ts';
import {
  clearParts,
  deadKey,
  enqueue,
  envelopeKey,
  findEnvelope,
  lanePrefix,
  loadEnvelope,
  markLaneReady,
  readyLaneKey,
  setEnvelope,
} from './rows.ts';
import type { DeadRow, EnvelopeRow, QueueRow } from './rows.ts';

export const timerService = 'outbox';

/** Where an envelope stands: its row among the unordered ready ones, or in its lane. */
export interface Place extends QueueRow {
  readonly queueKey: Key;
  /** The attempts that had failed when this one began. */
  readonly attempts: number;
}

export interface SettleTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
}

/** Takes a delivered envelope out. Undefined when it is not this attempt's any more; else whether its lane holds more. */
export async function settleDelivered(tx: Transaction, place: Place): Promise<{ readonly laneHasMore: boolean } | undefined> {
  const row = await findPresent(tx, place);
  if (row === undefined) return undefined;
  tx.clear(envelopeKey(place.id));
  clearParts(tx, place.id, row);
  return { laneHasMore: await takeOut(tx, place) };
}

/** Puts an envelope off, or gives it up when it has had its time or its attempts. Returns whether its lane holds more that is ready. */
export async function settleFailed(
  tx: Transaction,
  place: Place,
  failure: { readonly reason: string; readonly afterMs: number | undefined; readonly final: boolean },
  target: DeliveryTarget | undefined,
  { clock, random, timers }: SettleTools,
): Promise<boolean> {
  const row = await findPresent(tx, place);
  if (row === undefined) return false;
  const attempts = row.attempts + 1;
  const dueMs = clock.now() + (failure.afterMs ?? backOffMs(attempts, random));
  const failed: EnvelopeRow = { ...row, attempts, waiting: true };
  if (failure.final || attempts >= row.maximumAttempts || dueMs >= row.createdAtMs + row.maximumAgeMs) {
    await bury(tx, place.id, failed, failure.reason, target, { clock, timers });
    return takeOut(tx, place);
  }
  setEnvelope(tx, place.id, failed);
  await timers.set(tx, { service: timerService, id: `retry/${place.id}`, dueMs });
  if (place.orderingKey === undefined) tx.clear(place.queueKey);
  else tx.clear(readyLaneKey(place.target, place.orderingKey));
  return false;
}

/** Makes what waited ready again. */
export async function settleWaited(tx: Transaction, id: string): Promise<void> {
  const row = await findEnvelope(tx, id);
  if (row?.waiting !== true) return;
  setEnvelope(tx, id, { ...row, waiting: false });
  // It has kept its place in its lane; among the unordered it gets a new one.
  if (row.orderingKey === undefined) enqueue(tx, id, row);
  else markLaneReady(tx, row.target, row.orderingKey);
}

/** Takes the ready mark off a lane whose first envelope waits, or that is empty: a sender marks a lane without looking. */
export async function settleIdleLane(tx: Transaction, target: string, orderingKey: string): Promise<void> {
  const key = readyLaneKey(target, orderingKey);
  // Before the rest is read, so that a mark set from now on makes this run again.
  if ((await tx.get(key)) === undefined) return;
  const head = await findLaneHead(tx, target, orderingKey);
  if (head === undefined || (await findEnvelope(tx, head.id))?.waiting !== false) tx.clear(key);
}

/** The first envelope of a lane. */
export async function findLaneHead(tx: ReadTransaction, target: string, orderingKey: string): Promise<{ readonly id: string; readonly queueKey: Key } | undefined> {
  const prefix = lanePrefix(target, orderingKey);
  const [row] = await tx.range({ from: prefix, to: Buffer.concat([prefix, Buffer.of(0xff)]), limit: 1 });
  return row === undefined ? undefined : { id: decodeRecord<QueueRow>(row.value, row.key).id, queueKey: row.key };
}

/** Puts a dead record back in its queue as if it were new. False when it is gone. */
export async function reviveDead(tx: Transaction, dead: { readonly id: string; readonly diedAtMs: number }, { clock, timers }: Omit<SettleTools, 'random'>): Promise<boolean> {
  const row = await findDead(tx, dead);
  if (row === undefined) return false;
  const { reason: _reason, ...rest } = row;
  tx.clear(deadKey(dead.diedAtMs, dead.id));
  await timers.clear(tx, deadTimer(dead));
  setEnvelope(tx, dead.id, { ...rest, attempts: 0, createdAtMs: clock.now(), waiting: false });
  enqueue(tx, dead.id, rest);
  return true;
}

/** Forgets a dead record. */
export async function discardDead(tx: Transaction, dead: { readonly id: string; readonly diedAtMs: number }, timers: Timers): Promise<void> {
  const row = await findDead(tx, dead);
  if (row === undefined) return;
  tx.clear(deadKey(dead.diedAtMs, dead.id));
  clearParts(tx, dead.id, row);
  await timers.clear(tx, deadTimer(dead));
}

/** The row of a dead record. */
export async function findDead(tx: ReadTransaction, { id, diedAtMs }: { readonly id: string; readonly diedAtMs: number }): Promise<DeadRow | undefined> {
  const key = deadKey(diedAtMs, id);
  const value = await tx.get(key);
  return value === undefined ? undefined : decodeRecord<DeadRow>(value, key);
}

async function bury(
  tx: Transaction,
  id: string,
  row: EnvelopeRow,
  reason: string,
  target: DeliveryTarget | undefined,
  { clock, timers }: Omit<SettleTools, 'random'>,
): Promise<void> {
  tx.clear(envelopeKey(id));
  const envelope: Envelope | undefined = target?.giveUp === undefined ? undefined : await loadEnvelope(tx, id, row);
  if (envelope !== undefined && (await target?.giveUp?.(tx, envelope, reason)) === 'handled') return clearParts(tx, id, row);
  const diedAtMs = Math.floor(clock.now());
  tx.set(deadKey(diedAtMs, id), encodeRecord({ ...row, reason } satisfies DeadRow));
  await timers.set(tx, { ...deadTimer({ id, diedAtMs }), dueMs: diedAtMs + deadKeptMs });
}

function deadTimer({ id, diedAtMs }: { readonly id: string; readonly diedAtMs: number }): { service: string; id: string } {
  return { service: timerService, id: `dead/${diedAtMs}/${id}` };
}

async function findPresent(tx: Transaction, { id, attempts }: Place): Promise<EnvelopeRow | undefined> {
  const row = await findEnvelope(tx, id);
  return row !== undefined && row.attempts === attempts && !row.waiting ? row : undefined;
}

/** Removes the queue row. Returns whether the lane, if it is one, has more. */
async function takeOut(tx: Transaction, { queueKey, target, orderingKey }: Place): Promise<boolean> {
  if (orderingKey === undefined) {
    tx.clear(queueKey);
    return false;
  }
  // Before the lane is read, so that a sender who marks it from now on makes this run again.
  await tx.get(readyLaneKey(target, orderingKey));
  tx.clear(queueKey);
  const more = (await findLaneHead(tx, target, orderingKey)) !== undefined;
  if (more) markLaneReady(tx, target, orderingKey);
  else tx.clear(readyLaneKey(target, orderingKey));
  return more;
}

function backOffMs(attempts: number, random: Random): number {
  const fullMs = Math.min(retryMsMax, retryMsFirst * 2 ** Math.min(attempts - 1, 20));
  return Math.round(fullMs * (0.5 + random.fraction() / 2));
}
