// What becomes of an asynchronous invocation that fails.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
import { eventAgeMsMax, eventRetriesMax, eventRetryMs } from '../limits.ts';

/** How often and how long an event is tried. The same for all functions until PutFunctionEventInvokeConfig is there. */
export interface EventRules {
  readonly retriesMax: number;
  readonly ageMsMax: number;
}

export const defaultEventRules: EventRules = { retriesMax: eventRetriesMax, ageMsMax: eventAgeMsMax };

/** Names as they appear in the `condition` of a destination record. */
export type EventEnd = 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency' | 'FunctionNotFound' | 'AccessDenied';

export type AfterFailure = { readonly kind: 'again'; readonly afterMs: number } | { readonly kind: 'end'; readonly why: EventEnd };

/** After the function itself has failed `failures` times: the waits are one minute, then two. */
export function afterFunctionError(failures: number, rules: EventRules): AfterFailure {
  return failures > rules.retriesMax ? { kind: 'end', why: 'RetriesExhausted' } : { kind: 'again', afterMs: eventRetryMs * failures };
}
