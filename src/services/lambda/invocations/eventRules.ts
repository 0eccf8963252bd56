// What becomes of an asynchronous invocation that fails.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
import { eventAgeMsMax, eventRetriesMax, eventRetryMs, requeueMsFirst, requeueMsMax } from '../limits.ts';
import type { EventConfigRow } from './eventConfigStore.ts';

/** How often and how long an event is tried. */
export interface EventRules {
  readonly retriesMax: number;
  readonly ageMsMax: number;
}

/** The rules of a function, version or alias: its configuration, or the defaults. */
export const eventRulesOf = (config: EventConfigRow | undefined): EventRules => ({
  retriesMax: config?.retriesMax ?? eventRetriesMax,
  ageMsMax: config?.ageSecondsMax === undefined ? eventAgeMsMax : config.ageSecondsMax * 1_000,
});

/** Names as they appear in the `condition` of a destination record. */
export type EventEnd = 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency' | 'FunctionNotFound' | 'AccessDenied' | 'RecursiveInvocationException';

export type AfterFailure = { readonly kind: 'again'; readonly afterMs: number } | { readonly kind: 'end'; readonly why: EventEnd };

/** After the function itself has failed `failures` times: the waits are one minute, then two. */
export function afterFunctionError(failures: number, rules: EventRules): AfterFailure {
  return failures > rules.retriesMax ? { kind: 'end', why: 'RetriesExhausted' } : { kind: 'again', afterMs: eventRetryMs * failures };
}

/** The wait of an event that was throttled, or met a failure of ours: from one second to five minutes, the page says. */
export const requeueAfterMs = (attempts: number, fraction: number): number => Math.min(requeueMsMax, requeueMsFirst * 2 ** Math.min(attempts, 20)) * (0.5 + fraction / 2);
