// How operations and executions end that somebody outside of the function ends: the clock, a callback, another function.
import type { EventType, OperationStatus } from '@aws-sdk/client-lambda';
import type { ExecutionEdit } from './edit.ts';
import type { ErrorObject, OperationRow } from './store.ts';

export type ExecutionEnding =
  | { readonly status: 'SUCCEEDED'; readonly result: string | undefined }
  | { readonly status: 'FAILED' | 'STOPPED' | 'TIMED_OUT'; readonly error: ErrorObject };


const executionEvents = { SUCCEEDED: 'ExecutionSucceeded', FAILED: 'ExecutionFailed', STOPPED: 'ExecutionStopped', TIMED_OUT: 'ExecutionTimedOut' } as const;

/** Ends the execution itself. The caller saves it, and tells its parent. */
export async function endExecution(edit: ExecutionEdit, ending: ExecutionEnding): Promise<void> {
  const { row, nowMs } = edit;
  row.status = ending.status;
  row.endedAtMs = nowMs;
  row.unseen = [];
  const type = executionEvents[ending.status];
  const details = `${type}Details`;
  if (ending.status === 'SUCCEEDED') {
    const stored = ending.result === undefined ? undefined : edit.text('result', ending.result);
    if (stored !== undefined) row.result = stored;
    edit.note(type, { [details]: { Result: {} } }, { payload: stored && { details, member: 'Result', stored } });
  } else {
    row.error = edit.errorText('error', ending.error);
    edit.note(type, { [details]: { Error: {} } }, { payload: { details, member: 'Error', stored: row.error } });
  }
  await edit.clearTimer('timeout');
  await edit.clearTimer('run');
  await edit.setTimer('retention', nowMs + row.retentionDays * 86_400_000);
}

export type OperationEnding =
  | { readonly status: 'SUCCEEDED'; readonly result: string | undefined }
  | { readonly status: Extract<OperationStatus, 'FAILED' | 'TIMED_OUT' | 'STOPPED'>; readonly error: ErrorObject };

const words = { SUCCEEDED: 'Succeeded', FAILED: 'Failed', TIMED_OUT: 'TimedOut', STOPPED: 'Stopped' } as const;

/** Ends a callback or a chained invoke, and has the function run to see it. */
export async function endOperation(edit: ExecutionEdit, operation: OperationRow, ending: OperationEnding): Promise<void> {
  const kind = operation.type === 'CALLBACK' ? 'Callback' : 'ChainedInvoke';
  const type = `${kind}${words[ending.status]}` as EventType;
  const details = `${type}Details`;
  const ended: OperationRow = { ...operation, status: ending.status, endedAtMs: edit.nowMs };
  if (ending.status === 'SUCCEEDED') {
    if (ending.result !== undefined) ended.result = edit.text(`result ${operation.id}`, ending.result);
    edit.note(type, { [details]: { Result: {} } }, { operation, payload: ended.result && { details, member: 'Result', stored: ended.result } });
  } else {
    ended.error = edit.errorText(`error ${operation.id}`, ending.error);
    edit.note(type, { [details]: { Error: {} } }, { operation, payload: { details, member: 'Error', stored: ended.error } });
  }
  await edit.clearTimer('operation', operation.id);
  await edit.clearTimer('heartbeat', operation.id);
  edit.put(ended);
  wake(edit, operation.id);
}

/** What has changed is told to the function: to the run under way when it asks, or to the next one. */
export function wake(edit: ExecutionEdit, operationId: string): void {
  edit.row.unseen = [...edit.row.unseen.filter((id) => id !== operationId), operationId];
  edit.drive();
}
