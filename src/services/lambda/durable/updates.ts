// What a function checkpoints: one update is one step in the life of one operation. The protocol is that of the official clients
// (github.com/aws/aws-durable-execution-sdk-js, wire model) and of the API reference, CheckpointDurableExecution.
import type { EventType, OperationUpdate } from '@aws-sdk/client-lambda';
import { errors } from '../errors.ts';
import type { ExecutionEdit } from './edit.ts';
import { definedOnly } from './edit.ts';
import { endExecution } from './endings.ts';
import { operationsMax } from './limits.ts';
import { makeCallbackId } from './names.ts';
import type { OperationRow } from './store.ts';

type Apply = (edit: ExecutionEdit, update: OperationUpdate, operation: OperationRow | undefined) => Promise<OperationRow>;

/** Applies one update; answers the operation as it is then. Throws InvalidParameterValueException for what cannot follow. */
export async function applyUpdate(edit: ExecutionEdit, update: OperationUpdate): Promise<OperationRow | undefined> {
  const { Id = '', Type = 'STEP', Action = 'START' } = update;
  if (Type === 'EXECUTION') return endByUpdate(edit, update);
  const apply = table[`${Type} ${Action}`];
  if (apply === undefined) throw errors.invalidParameter(`Invalid action ${Action} for an operation of type ${Type}.`);
  const operation = await edit.find(Id);
  if (operation !== undefined && operation.type !== Type) throw errors.invalidParameter(`Inconsistent operation type for operation ${Id}.`);
  if (operation !== undefined && isOver(operation)) throw errors.invalidParameter(`Invalid current operation state to ${Action}: operation ${Id} is ${operation.status}.`);
  if (update.ParentId !== undefined && (await edit.find(update.ParentId)) === undefined) throw errors.invalidParameter(`Invalid parent operation id: ${update.ParentId}.`);
  const applied = await apply(edit, update, operation);
  edit.put(applied);
  return applied;
}

export const isOver = ({ status }: Pick<OperationRow, 'status'>): boolean => !['STARTED', 'PENDING', 'READY'].includes(status);

async function endByUpdate(edit: ExecutionEdit, { Action, Payload, Error: failure }: OperationUpdate): Promise<undefined> {
  if (Action === 'SUCCEED') await endExecution(edit, { status: 'SUCCEEDED', result: Payload });
  else if (Action === 'FAIL') await endExecution(edit, { status: 'FAILED', error: failure ?? {} });
  else throw errors.invalidParameter(`Invalid action ${String(Action)} for an operation of type EXECUTION.`);
  return undefined;
}

/** A new operation, or the one that there is. */
function begin(edit: ExecutionEdit, update: OperationUpdate, operation: OperationRow | undefined): OperationRow {
  if (operation !== undefined) return operation;
  if (edit.row.operations >= operationsMax) throw errors.invalidParameter(`A durable execution has at most ${operationsMax} operations.`);
  edit.row.operations += 1;
  const { Id = '', Type = 'STEP', ParentId, Name, SubType } = update;
  const about = definedOnly({ parentId: ParentId, name: Name, subType: SubType });
  return { id: Id, number: edit.row.operations, type: Type, ...about, status: 'STARTED', startedAtMs: edit.nowMs };
}

/** Once only: a function that is run again may begin again what was interrupted. */
const start =
  (type: EventType): Apply =>
  async (edit, update, operation) => {
    const row = begin(edit, update, operation);
    if (operation !== undefined && operation.status === 'STARTED') return row;
    edit.note(type, type === 'StepStarted' ? { StepStartedDetails: {} } : { ContextStartedDetails: {} }, { operation: row });
    delete row.nextAttemptMs;
    return { ...row, status: 'STARTED' };
  };

const succeed =
  (type: EventType): Apply =>
  async (edit, update, operation) => {
    const row = begin(edit, update, operation);
    const stored = update.Payload === undefined ? undefined : edit.text(`result ${row.id}`, update.Payload);
    const retry = row.type === 'STEP' ? { RetryDetails: { CurrentAttempt: (row.attempt ?? 0) + 1 } } : {};
    const payload = stored && { details: `${type}Details`, member: 'Result' as const, stored };
    edit.note(type, { [`${type}Details`]: { Result: {}, ...retry } }, { operation: row, payload });
    const options = update.ContextOptions?.ReplayChildren === true ? { replayChildren: true } : {};
    return { ...row, ...options, ...(stored === undefined ? {} : { result: stored }), status: 'SUCCEEDED', endedAtMs: edit.nowMs };
  };

const fail =
  (type: EventType): Apply =>
  async (edit, update, operation) => {
    const row = begin(edit, update, operation);
    const stored = edit.errorText(`error ${row.id}`, update.Error ?? {});
    const retry = row.type === 'STEP' ? { RetryDetails: { CurrentAttempt: (row.attempt ?? 0) + 1 } } : {};
    edit.note(type, { [`${type}Details`]: { Error: {}, ...retry } }, { operation: row, payload: { details: `${type}Details`, member: 'Error', stored } });
    return { ...row, status: 'FAILED', error: stored, endedAtMs: edit.nowMs };
  };

const retryStep: Apply = async (edit, update, operation) => {
  const row = begin(edit, update, operation);
  const seconds = update.StepOptions?.NextAttemptDelaySeconds ?? 1;
  const attempt = (row.attempt ?? 0) + 1;
  const nextAttemptMs = edit.nowMs + seconds * 1_000;
  const details = { RetryDetails: { CurrentAttempt: attempt, NextAttemptDelaySeconds: seconds } };
  // A condition that is waited for hands on its state and no error.
  if (update.Error === undefined) edit.note('StepSucceeded', { StepSucceededDetails: { Result: {}, ...details } }, { operation: row });
  else {
    const stored = edit.errorText(`error ${row.id} ${attempt}`, update.Error);
    edit.note('StepFailed', { StepFailedDetails: { Error: {}, ...details } }, { operation: row, payload: { details: 'StepFailedDetails', member: 'Error', stored } });
    row.error = stored;
  }
  if (update.Payload !== undefined) row.result = edit.text(`result ${row.id} ${attempt}`, update.Payload);
  await edit.setTimer('operation', nextAttemptMs, row.id);
  return { ...row, status: 'PENDING', attempt, nextAttemptMs };
};

const startWait: Apply = async (edit, update, operation) => {
  if (operation !== undefined) return operation;
  const seconds = update.WaitOptions?.WaitSeconds;
  if (seconds === undefined) throw errors.invalidParameter('Invalid WaitOptions: WaitSeconds is required.');
  const row = begin(edit, update, operation);
  const scheduledEndMs = edit.nowMs + seconds * 1_000;
  edit.note('WaitStarted', { WaitStartedDetails: { Duration: seconds, ScheduledEndTimestamp: new Date(scheduledEndMs) } }, { operation: row });
  await edit.setTimer('operation', scheduledEndMs, row.id);
  return { ...row, scheduledEndMs, seconds };
};

const cancelWait: Apply = async (edit, update, operation) => {
  const row = begin(edit, update, operation);
  await edit.clearTimer('operation', row.id);
  edit.note('WaitCancelled', { WaitCancelledDetails: update.Error === undefined ? {} : { Error: { Payload: update.Error } } }, { operation: row });
  return { ...row, status: 'CANCELLED', endedAtMs: edit.nowMs };
};

const startCallback: Apply = async (edit, update, operation) => {
  if (operation !== undefined) return operation;
  const { TimeoutSeconds, HeartbeatTimeoutSeconds } = update.CallbackOptions ?? {};
  const row = begin(edit, update, operation);
  const { executionId, version } = edit.row;
  const callbackId = makeCallbackId({ ...edit.key, executionId, version, operationId: row.id });
  const limits = definedOnly({ Timeout: TimeoutSeconds || undefined, HeartbeatTimeout: HeartbeatTimeoutSeconds || undefined });
  edit.note('CallbackStarted', { CallbackStartedDetails: { CallbackId: callbackId, ...limits } }, { operation: row });
  if (TimeoutSeconds) await edit.setTimer('operation', edit.nowMs + TimeoutSeconds * 1_000, row.id);
  if (HeartbeatTimeoutSeconds) await edit.setTimer('heartbeat', edit.nowMs + HeartbeatTimeoutSeconds * 1_000, row.id);
  return { ...row, callbackId, ...(HeartbeatTimeoutSeconds ? { heartbeatSeconds: HeartbeatTimeoutSeconds } : {}) };
};

const startInvoke: Apply = async (edit, update, operation) => {
  if (operation !== undefined) return operation;
  const { FunctionName, TenantId } = update.ChainedInvokeOptions ?? {};
  if (FunctionName === undefined) throw errors.invalidParameter('Invalid ChainedInvokeOptions: FunctionName is required.');
  const row = begin(edit, update, operation);
  const input = edit.text(`input ${row.id}`, update.Payload ?? '{}');
  const invoked = { functionName: FunctionName, ...(TenantId === undefined ? {} : { tenantId: TenantId }), input };
  const about = { FunctionName, ...(TenantId === undefined ? {} : { TenantId }), Input: {} };
  edit.note('ChainedInvokeStarted', { ChainedInvokeStartedDetails: about }, { operation: row, payload: { details: 'ChainedInvokeStartedDetails', member: 'Input', stored: input } });
  edit.ask({ kind: 'invoke', operationId: row.id });
  return { ...row, invoked };
};

const table: Readonly<Record<string, Apply>> = {
  'STEP START': start('StepStarted'),
  'STEP SUCCEED': succeed('StepSucceeded'),
  'STEP FAIL': fail('StepFailed'),
  'STEP RETRY': retryStep,
  'CONTEXT START': start('ContextStarted'),
  'CONTEXT SUCCEED': succeed('ContextSucceeded'),
  'CONTEXT FAIL': fail('ContextFailed'),
  'WAIT START': startWait,
  'WAIT CANCEL': cancelWait,
  'CALLBACK START': startCallback,
  'CHAINED_INVOKE START': startInvoke,
};
