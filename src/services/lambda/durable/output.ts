// What a run of a durable function answers: how its execution goes on. Clients' own form, types/core of the official JavaScript client.
import type { ExecutionEnding } from './endings.ts';
import type { ErrorObject } from './store.ts';

export type RunOutput = { readonly kind: 'pending' } | { readonly kind: 'ended'; readonly ending: ExecutionEnding };

/** Anything that is none of the three answers ends the execution: the function was not written with a durable client. */
export function openOutput(payload: Uint8Array): RunOutput {
  const output = openObject(payload);
  if (output?.Status === 'PENDING') return { kind: 'pending' };
  if (output?.Status === 'SUCCEEDED') return { kind: 'ended', ending: { status: 'SUCCEEDED', result: typeof output.Result === 'string' ? output.Result : undefined } };
  if (output?.Status === 'FAILED') return { kind: 'ended', ending: { status: 'FAILED', error: openError(output.Error) } };
  return { kind: 'ended', ending: { status: 'FAILED', error: { ErrorType: 'InvalidParameterValueException', ErrorMessage: 'Invalid Status in invocation output.' } } };
}

/** The error document of a failed invocation. */
export function openErrorDocument(payload: Uint8Array): ErrorObject {
  const { errorType, errorMessage, stackTrace, trace } = openObject(payload) ?? {};
  return openError({ ErrorType: errorType, ErrorMessage: errorMessage, StackTrace: stackTrace ?? trace });
}

/** An error as somebody else has written it: only its own members. */
export function openError(value: unknown): ErrorObject {
  const given = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const texts = Object.fromEntries(['ErrorType', 'ErrorMessage', 'ErrorData'].flatMap((name) => (typeof given[name] === 'string' ? [[name, given[name]]] : [])));
  const trace = Array.isArray(given.StackTrace) ? given.StackTrace.filter((line) => typeof line === 'string') : undefined;
  return { ...texts, ...(trace === undefined ? {} : { StackTrace: trace }) };
}

function openObject(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
