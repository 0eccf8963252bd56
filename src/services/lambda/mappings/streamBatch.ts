// One batch of a stream, to its end: retried, cut in two, given up. https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
import type { StreamRecord } from '../../../ports/streamReader.ts';
import type { InvocationResult } from '../environments/executionEnvironment.ts';
import { streamRetryMsFirst, streamRetryMsMax } from '../limits.ts';

export interface BatchRules {
  /** Undefined for as long as the stream has the records. */
  readonly retriesMax: number | undefined;
  readonly ageMsMax: number | undefined;
  readonly bisects: boolean;
}

/** What became of an attempt. */
export type Attempt =
  /** The first `finished` records are done; fewer than all is a failure. */
  | { readonly kind: 'ran'; readonly finished: number; readonly run: Run }
  /** It did not run: throttled, or no environment. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'stopped' };

export interface Run {
  readonly requestId: string;
  readonly version: string;
  readonly result: Pick<InvocationResult, 'failed' | 'payload'>;
}

export type Discarded = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

export interface BatchTools {
  attempt(records: readonly StreamRecord[]): Promise<Attempt>;
  /** Commits that records are done. */
  finish(records: readonly StreamRecord[], run: Run): Promise<void>;
  /** Commits that records are given up, and tells whoever wants to know. */
  discard(records: readonly StreamRecord[], why: Discarded, invokes: number, last: Run | undefined): Promise<void>;
  now(): number;
  /** False when it was told to stop meanwhile. */
  pause(waitMs: number): Promise<boolean>;
}

/** Resolves with true when every record is done or given up, with false when it was told to stop before. */
export async function runBatch(records: readonly StreamRecord[], rules: BatchRules, tools: BatchTools, failuresBefore = 0): Promise<boolean> {
  let rest = records;
  let failures = failuresBefore;
  let invokes = 0;
  let last: Run | undefined;
  for (let waitMs = streamRetryMsFirst; rest.length > 0; waitMs = Math.min(streamRetryMsMax, waitMs * 2)) {
    const old = rules.ageMsMax === undefined ? 0 : countOlder(rest, tools.now() - rules.ageMsMax);
    if (old > 0) {
      await tools.discard(rest.slice(0, old), 'RecordAgeExceeded', invokes, last);
      rest = rest.slice(old);
      if (rest.length === 0) return true;
    }
    const attempt = await tools.attempt(rest);
    if (attempt.kind === 'stopped') return false;
    if (attempt.kind === 'ran') {
      invokes += 1;
      last = attempt.run;
      if (attempt.finished > 0) {
        await tools.finish(rest.slice(0, attempt.finished), attempt.run);
        rest = rest.slice(attempt.finished);
        if (rest.length === 0) return true;
        // What is left is another batch, which has failed once.
        failures = 0;
      } else if (rules.bisects && rest.length > 1) {
        // Cutting it does not count as a retry, the page says.
        const middle = Math.ceil(rest.length / 2);
        return (await runBatch(rest.slice(0, middle), rules, tools, failures)) && (await runBatch(rest.slice(middle), rules, tools, failures));
      }
      failures += 1;
      if (rules.retriesMax !== undefined && failures > rules.retriesMax) {
        await tools.discard(rest, 'RetryAttemptsExhausted', invokes, last);
        return true;
      }
    }
    if (!(await tools.pause(waitMs))) return false;
  }
  return true;
}

function countOlder(records: readonly StreamRecord[], beforeMs: number): number {
  const young = records.findIndex(({ arrivedAtMs }) => arrivedAtMs >= beforeMs);
  return young < 0 ? records.length : young;
}
