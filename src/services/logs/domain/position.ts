import { assert } from '../../../base/errors.ts';

/**
 * Where an event stands among all events of its group: by time, then stream, then the order in which it arrived. Packed
 * into one number it is the event id that clients see, and what page tokens carry.
 */
export interface Position {
  readonly timestampMs: number;
  /** Below 2^48. */
  readonly streamId: number;
  /** Of the row within its stream; counted from 1. */
  readonly sequence: number;
  /** Of the event within its row; counted from 1. */
  readonly index: number;
}

const streamBits = 48n;
const sequenceBits = 64n;
const indexBits = 32n;
const belowTime = streamBits + sequenceBits + indexBits;
const digits = 56;

/** Negative, zero or positive as `a` stands before, at or after `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.timestampMs - b.timestampMs || a.streamId - b.streamId || a.sequence - b.sequence || a.index - b.index;
}

/** The place before every event at `timestampMs`. */
export function positionBefore(timestampMs: number): Position {
  return { timestampMs, streamId: 0, sequence: 0, index: 0 };
}

/** 56 decimal digits, the form that event ids have in CloudWatch Logs. */
export function formatPosition(position: Position): string {
  const packed =
    (BigInt(position.timestampMs) << belowTime) |
    (BigInt(position.streamId) << (sequenceBits + indexBits)) |
    (BigInt(position.sequence) << indexBits) |
    BigInt(position.index);
  assert(packed >= 0n, 'an event position is not negative', { timestampMs: position.timestampMs });
  return packed.toString().padStart(digits, '0');
}

/** The inverse of {@link formatPosition}; undefined for text that it does not make. */
export function parsePosition(text: string): Position | undefined {
  if (!/^[0-9]{56}$/.test(text)) return undefined;
  const packed = BigInt(text);
  const timestampMs = Number(packed >> belowTime);
  const sequence = Number(BigInt.asUintN(64, packed >> indexBits));
  if (!Number.isSafeInteger(timestampMs) || !Number.isSafeInteger(sequence)) return undefined;
  return {
    timestampMs,
    streamId: Number(BigInt.asUintN(48, packed >> (sequenceBits + indexBits))),
    sequence,
    index: Number(BigInt.asUintN(32, packed)),
  };
}
