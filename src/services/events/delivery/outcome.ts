// How a delivery ends, in the codes that dead-letter queues tell (user guide, "Using dead-letter queues to process undelivered events").

import type { DeliveryResult } from '../../../ports/outbox.ts';

export type ErrorCode =
  | 'CONNECTION_FAILURE'
  | 'CROSS_ACCOUNT_INGESTION_FAILED'
  | 'CROSS_REGION_INGESTION_FAILED'
  | 'ERROR_FROM_TARGET'
  | 'INTERNAL_ERROR'
  | 'INVALID_JSON'
  | 'INVALID_PARAMETER'
  | 'NO_PERMISSIONS'
  | 'NO_RESOURCE'
  | 'SDK_CLIENT_ERROR'
  | 'THIRD_ACCOUNT_HOP_DETECTED'
  | 'THIRD_REGION_HOP_DETECTED'
  | 'THROTTLING'
  | 'TIMEOUT';

/** Never: "no retry attempts will happen until action is taken to resolve the underlying issue". */
export const refuse = (code: ErrorCode, message: string): Extract<DeliveryResult, { kind: 'rejected' }> => ({ kind: 'rejected', reason: `${code} (final): ${message}` });

export const retryLater = (code: ErrorCode, message: string, afterMs?: number): Extract<DeliveryResult, { kind: 'retry' }> => ({ kind: 'retry', reason: `${code}: ${message}`, ...(afterMs === undefined ? {} : { afterMs }) });

/** What another target answered, in these words. */
export function translate(result: DeliveryResult): DeliveryResult {
  if (result.kind === 'delivered') return result;
  if (result.kind === 'retry') return { ...retryLater('ERROR_FROM_TARGET', result.reason), ...(result.afterMs === undefined ? {} : { afterMs: result.afterMs }) } as DeliveryResult;
  if (/AccessDenied|NotAuthorized|Forbidden/i.test(result.reason)) return refuse('NO_PERMISSIONS', result.reason);
  if (/NonExistent|NotFound|there is no/i.test(result.reason)) return refuse('NO_RESOURCE', result.reason);
  return refuse('SDK_CLIENT_ERROR', result.reason);
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  /** Retries would have been of no use. */
  readonly final: boolean;
}

/** Reads what the functions above wrote; anything else is a failure of this server. */
export function readReason(reason: string): Failure {
  const found = /^([A-Z_]+)( \(final\))?: (.*)$/s.exec(reason);
  return found ? { code: found[1] ?? '', message: found[3] ?? '', final: found[2] !== undefined } : { code: 'INTERNAL_ERROR', message: reason, final: false };
}
