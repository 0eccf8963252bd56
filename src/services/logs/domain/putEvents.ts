import { invalidParameter } from '../errors.ts';
import { eventOverheadBytes, putAgeMsMax, putBytesMax, putEventsMax, putFutureMsMax, putSpanMsMax } from '../limits.ts';
import type { RowEvent } from './rows.ts';

export interface AcceptedBatch {
  readonly accepted: readonly RowEvent[];
  readonly rejected: RejectedEvents | undefined;
}

export interface RejectedEvents {
  tooNewLogEventStartIndex?: number;
  tooOldLogEventEndIndex?: number;
  expiredLogEventEndIndex?: number;
}

const dayMs = 86_400_000;

/**
 * The rules of PutLogEvents (API reference): a batch that is too large, out of order or too long fails; events that are too
 * old, expired or too new are left out and reported by index.
 */
export function checkBatch(events: readonly RowEvent[], nowMs: number, retentionDays: number | undefined): AcceptedBatch {
  if (events.length > putEventsMax) {
    throw invalidParameter(
      `1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to ${putEventsMax}`,
    );
  }
  let bytes = 0;
  let previousMs = 0;
  for (const { timestampMs, message } of events) {
    bytes += Buffer.byteLength(message) + eventOverheadBytes;
    if (timestampMs < previousMs) throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.');
    previousMs = timestampMs;
  }
  if (bytes > putBytesMax) throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${putBytesMax}`);

  const tooOld = countBefore(events, nowMs - putAgeMsMax);
  const expired = retentionDays === undefined ? 0 : countBefore(events, nowMs - retentionDays * dayMs);
  const tooNew = countBefore(events, nowMs + putFutureMsMax + 1);
  const accepted = events.slice(Math.max(tooOld, expired), tooNew);
  const [first, last] = [accepted[0], accepted.at(-1)];
  if (first && last && last.timestampMs - first.timestampMs > putSpanMsMax) {
    throw invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
  }
  if (accepted.length === events.length) return { accepted, rejected: undefined };
  const rejected: RejectedEvents = {};
  if (tooNew < events.length) rejected.tooNewLogEventStartIndex = tooNew;
  if (tooOld > 0) rejected.tooOldLogEventEndIndex = tooOld;
  if (expired > tooOld) rejected.expiredLogEventEndIndex = expired;
  return { accepted, rejected };
}

/** How many events, in the order of their time, are before `timeMs`. */
function countBefore(events: readonly RowEvent[], timeMs: number): number {
  const at = events.findIndex(({ timestampMs }) => timestampMs >= timeMs);
  return at === -1 ? events.length : at;
}

/** Events before this moment have expired. */
export function retentionStartMs(nowMs: number, retentionDays: number | undefined): number {
  return retentionDays === undefined ? 0 : Math.max(0, nowMs - retentionDays * dayMs);
}
