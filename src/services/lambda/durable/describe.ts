// What is told of executions: to callers of the API, and to the function in its event.
import type { Event, Execution, GetDurableExecutionCommandOutput, Operation } from '@aws-sdk/client-lambda';
import type { ReadTransaction } from '../../../kv/store.ts';
import { functionArn } from '../domain/functionName.ts';
import { definedOnly } from './edit.ts';
import { executionArn } from './names.ts';
import { ownerOf } from './store.ts';
import type { ErrorObject, ExecutionKey, ExecutionRow, HistoryRow, OperationRow } from './store.ts';
import { loadText } from './texts.ts';
import type { StoredText } from './texts.ts';

const dateOf = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));

export const arnOf = (key: ExecutionKey, row: ExecutionRow): string => executionArn({ ...key, version: row.version, executionId: row.executionId });

/** An operation as the API answers it. */
export async function describeOperation(tx: ReadTransaction, key: ExecutionKey, execution: ExecutionRow, row: OperationRow): Promise<Operation> {
  const owner = ownerOf(key);
  const load = async (stored: StoredText | undefined): Promise<string | undefined> => stored && loadText(tx, key, owner, stored);
  const error = row.error && (JSON.parse((await load(row.error)) ?? '{}') as ErrorObject);
  const outcome = definedOnly({ Result: await load(row.result), Error: error });
  return {
    ...definedOnly({ ParentId: row.parentId, Name: row.name, SubType: row.subType, EndTimestamp: dateOf(row.endedAtMs) }),
    ...{ Id: row.id, Type: row.type, Status: row.status, StartTimestamp: new Date(row.startedAtMs) },
    ...(await detailsOf()),
  };

  async function detailsOf(): Promise<Partial<Operation>> {
    switch (row.type) {
      case 'EXECUTION':
        return { ExecutionDetails: { InputPayload: await loadText(tx, key, owner, execution.input) } };
      case 'CONTEXT':
        return { ContextDetails: { ...outcome, ...definedOnly({ ReplayChildren: row.replayChildren }) } };
      case 'STEP':
        return { StepDetails: { ...outcome, Attempt: row.attempt ?? 0, ...definedOnly({ NextAttemptTimestamp: dateOf(row.nextAttemptMs) }) } };
      case 'WAIT':
        return { WaitDetails: definedOnly({ ScheduledEndTimestamp: dateOf(row.scheduledEndMs) }) };
      case 'CALLBACK':
        return { CallbackDetails: { ...outcome, ...definedOnly({ CallbackId: row.callbackId }) } };
      default:
        return { ChainedInvokeDetails: outcome };
    }
  }
}

/** In a function's event times are milliseconds: both official clients read them so. */
export function encodeOperation({ StartTimestamp, EndTimestamp, StepDetails, WaitDetails, ...rest }: Operation): string {
  const ms = (date: Date | undefined): number | undefined => date?.getTime();
  return JSON.stringify({
    ...{ ...rest, StartTimestamp: ms(StartTimestamp), EndTimestamp: ms(EndTimestamp) },
    ...(StepDetails === undefined ? {} : { StepDetails: { ...StepDetails, NextAttemptTimestamp: ms(StepDetails.NextAttemptTimestamp) } }),
    ...(WaitDetails === undefined ? {} : { WaitDetails: { ScheduledEndTimestamp: ms(WaitDetails.ScheduledEndTimestamp) } }),
  });
}

export function describeListedExecution(key: ExecutionKey, row: ExecutionRow): Execution {
  return {
    ...{ DurableExecutionArn: arnOf(key, row), DurableExecutionName: row.name, FunctionArn: functionArn(key, key.functionName, row.qualifier), Status: row.status },
    StartTimestamp: new Date(row.startedAtMs),
    ...definedOnly({ EndTimestamp: dateOf(row.endedAtMs) }),
  };
}

export async function describeExecution(tx: ReadTransaction, key: ExecutionKey, row: ExecutionRow, withData: boolean): Promise<Omit<GetDurableExecutionCommandOutput, '$metadata'>> {
  const load = async (stored: StoredText | undefined): Promise<string | undefined> => (stored === undefined || !withData ? undefined : loadText(tx, key, ownerOf(key), stored));
  const error = await load(row.error);
  return {
    ...{ DurableExecutionArn: arnOf(key, row), DurableExecutionName: row.name, FunctionArn: functionArn(key, key.functionName, row.qualifier), Status: row.status },
    ...{ StartTimestamp: new Date(row.startedAtMs), Version: row.version, TraceHeader: { XAmznTraceId: row.traceId }, ExecutionDataIncluded: withData },
    DurableConfig: { ExecutionTimeout: row.timeoutSeconds, RetentionPeriodInDays: row.retentionDays },
    ...definedOnly({ InputPayload: await load(row.input), Result: await load(row.result), EndTimestamp: dateOf(row.endedAtMs) }),
    ...(error === undefined ? {} : { Error: JSON.parse(error) as ErrorObject }),
    ...(row.status === 'RUNNING' ? { ExpectedExecutionTimeoutTimestamp: new Date(row.startedAtMs + row.timeoutSeconds * 1_000) } : {}),
  };
}

/** An event with its payload, or with `Truncated` in its place. */
export async function describeEvent(tx: ReadTransaction, key: ExecutionKey, { event, payload }: HistoryRow, withData: boolean): Promise<Event> {
  if (payload === undefined) return event;
  const text = withData ? await loadText(tx, key, ownerOf(key), payload.stored) : undefined;
  const value = text === undefined ? { Truncated: true } : { Payload: payload.member === 'Error' ? (JSON.parse(text) as ErrorObject) : text };
  const details = (event as unknown as Record<string, object | undefined>)[payload.details];
  return { ...event, [payload.details]: { ...details, [payload.member]: value } };
}
