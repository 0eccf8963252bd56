import type { Clock } from '../../../base/clock.ts';

/** Numbers that grow with every call, below 2^53: microseconds of product time, or one more than the last. */
export interface Sequence {
  /** Larger than everything before, and than `above`. */
  next(above?: number): number;
}

/** The order of messages within this process; what a group has given out before is passed as `above`. */
export function createSequence(clock: Clock): Sequence {
  let last = 0;
  return {
    next(above = 0) {
      last = Math.max(last + 1, above + 1, Math.floor(clock.now()) * 1_000);
      return last;
    },
  };
}

/** As SQS writes it: twenty digits. */
export function formatSequenceNumber(sequence: number): string {
  return `188${String(sequence).padStart(17, '0')}`;
}
