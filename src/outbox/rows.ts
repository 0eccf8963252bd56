// The keys of the outbox, all below ('outbox', '', ''):
//   'envelope', id                    the event and how far it has come
//   'part', id, n                     a long payload
//   'ready', target, 0 + stamp        an unordered envelope that may be delivered now
//   'ready', target, 1, orderingKey   a lane (target and ordering key) whose first envelope may be delivered now
//   'lane', target, orderingKey + stamp   the envelopes of a lane in the order of their commits
//   'dead', diedAtMs, id              what was given up
// Senders only write, so they conflict with nobody. Whoever takes the last envelope out of a lane *reads* its ready row before it clears
// it, and so runs again when a sender has just written it.
import { createHash } from 'node:crypto';
import { InvariantError } from '../base/errors.ts';
import { decodeRecord, encodeRecord } from '../kv/record.ts';
import type { Key, KeyRange, ReadTransaction, Transaction } from '../kv/store.ts';
import { keyRange, packKey } from '../kv/tuple.ts';
import type { Envelope } from '../ports/outbox.ts';
import { keyPartBytesMax, partBytes } from './limits.ts';

export interface EnvelopeRow extends Omit<Envelope, 'id' | 'payload'> {
  /** Whole when `parts` is 0. */
  readonly payload: Uint8Array;
  readonly parts: number;
  /** Whether a timer will make it ready. */
  readonly waiting: boolean;
}

export interface DeadRow extends EnvelopeRow {
  readonly reason: string;
}

/** What a ready row or a row of a lane says. */
export interface QueueRow {
  /** Empty in the ready row of a lane. */
  readonly id: string;
  readonly target: string;
  readonly orderingKey: string | undefined;
}

const root = packKey(['outbox', '', '']);
export const readyPrefix: Key = packKey(['ready'], root);
export const readyRange: KeyRange = keyRange(['ready'], root);
export const deadRange: KeyRange = keyRange(['dead'], root);

export const envelopeKey = (id: string): Key => packKey(['envelope', id], root);
export const deadKey = (diedAtMs: number, id: string): Key => packKey(['dead', diedAtMs, id], root);
export const unorderedPrefix = (target: string): Key => packKey(['ready', keyPart(target), 0], root);
export const lanesRange = (target: string): KeyRange => keyRange(['ready', keyPart(target), 1], root);
export const readyLaneKey = (target: string, orderingKey: string): Key => packKey(['ready', keyPart(target), 1, keyPart(orderingKey)], root);
export const lanePrefix = (target: string, orderingKey: string): Key => packKey(['lane', keyPart(target), keyPart(orderingKey)], root);
/** Everything of one target that is ready. */
export const readyOf = (target: string): KeyRange => keyRange(['ready', keyPart(target)], root);

const partKey = (id: string, part: number): Key => packKey(['part', id, part], root);

/** Writes a new envelope and puts it in its queue. */
export function writeEnvelope(tx: Transaction, { id, payload, ...rest }: Envelope): void {
  const parts = payload.length <= partBytes ? 0 : Math.ceil(payload.length / partBytes);
  for (let part = 0; part < parts; part += 1) tx.set(partKey(id, part), payload.subarray(part * partBytes, (part + 1) * partBytes));
  setEnvelope(tx, id, { ...rest, payload: parts === 0 ? payload : new Uint8Array(0), parts, waiting: false });
  enqueue(tx, id, rest);
}

/** Puts an envelope at the end of its queue. */
export function enqueue(tx: Transaction, id: string, { target, orderingKey }: Pick<Envelope, 'target' | 'orderingKey'>): void {
  const row: QueueRow = { id, target, orderingKey };
  if (orderingKey === undefined) tx.stamped(unorderedPrefix(target), encodeRecord(row));
  else {
    tx.stamped(lanePrefix(target, orderingKey), encodeRecord(row));
    markLaneReady(tx, target, orderingKey);
  }
}

export function markLaneReady(tx: Transaction, target: string, orderingKey: string): void {
  tx.set(readyLaneKey(target, orderingKey), encodeRecord({ id: '', target, orderingKey } satisfies QueueRow));
}

export async function findEnvelope(tx: ReadTransaction, id: string): Promise<EnvelopeRow | undefined> {
  const key = envelopeKey(id);
  const value = await tx.get(key);
  return value === undefined ? undefined : decodeRecord<EnvelopeRow>(value, key);
}

export function setEnvelope(tx: Transaction, id: string, row: EnvelopeRow): void {
  tx.set(envelopeKey(id), encodeRecord(row));
}

/** The envelope of a row, with its whole payload. */
export async function loadEnvelope(tx: ReadTransaction, id: string, row: EnvelopeRow): Promise<Envelope> {
  const { parts, waiting: _waiting, payload, ...rest } = row;
  if (parts === 0) return { id, payload, ...rest };
  const values = await Promise.all(Array.from({ length: parts }, (_, part) => tx.get(partKey(id, part))));
  const pieces = values.map((value, part) => {
    if (value === undefined) throw new InvariantError('a part of an event is missing', { id, part });
    return value;
  });
  return { id, payload: Buffer.concat(pieces), ...rest };
}

export function clearParts(tx: Transaction, id: string, { parts }: EnvelopeRow): void {
  for (let part = 0; part < parts; part += 1) tx.clear(partKey(id, part));
}

function keyPart(text: string): string {
  return Buffer.byteLength(text) <= keyPartBytesMax ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
