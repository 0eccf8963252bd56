// Keys: durableExecutions [function, name] | durableOperations [function, name, number] | durableOperationIds [function, name, id] |
// durableHistory [function, name, number] | durableStarts [function, start, name] | durableTexts [function, name, key, part].
import type { ErrorObject, Event, ExecutionStatus, OperationStatus, OperationType } from '@aws-sdk/client-lambda';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import { clearTexts } from './texts.ts';
import type { StoredText, TextOwner } from './texts.ts';

const executions = defineTable<ExecutionRow>('lambda', 'durableExecutions');
const operations = defineTable<OperationRow>('lambda', 'durableOperations');
const operationIds = defineTable<{ readonly number: number }>('lambda', 'durableOperationIds');
const history = defineTable<HistoryRow>('lambda', 'durableHistory');
const starts = defineTable<Record<string, never>>('lambda', 'durableStarts');

/** The function that a durable execution belongs to, and its name there. */
export interface ExecutionKey extends Scope {
  readonly functionName: string;
  readonly name: string;
}

export interface ParentOperation {
  readonly functionName: string;
  readonly name: string;
  readonly executionId: string;
  readonly operationId: string;
}

export interface ExecutionRow {
  readonly name: string;
  readonly executionId: string;
  readonly functionName: string;
  readonly version: string;
  /** The version or alias that was named. */
  readonly qualifier: string;
  status: Extract<ExecutionStatus, 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED'>;
  readonly startedAtMs: number;
  endedAtMs?: number;
  readonly input: StoredText;
  readonly inputSha256: string;
  result?: StoredText;
  /** JSON of an ErrorObject. */
  error?: StoredText;
  readonly traceId: string;
  readonly timeoutSeconds: number;
  readonly retentionDays: number;
  readonly tenantId?: string;
  operations: number;
  events: number;
  /** Counts invocations and checkpoints: only the newest token may checkpoint. */
  token: number;
  /** Operations whose state has changed without the function knowing. */
  unseen: readonly string[];
  /** An envelope that will run the function is on its way, or it runs. */
  driving: boolean;
  failedRuns: number;
  /** So that a checkpoint which a client sends again is answered again. */
  last?: { readonly clientToken: string; readonly token: number; readonly ids: readonly string[] };
  /** The chained invoke that has started it. */
  readonly parent?: ParentOperation;
}

export interface OperationRow {
  readonly id: string;
  readonly number: number;
  readonly type: OperationType;
  readonly parentId?: string;
  readonly name?: string;
  readonly subType?: string;
  status: OperationStatus;
  readonly startedAtMs: number;
  endedAtMs?: number;
  result?: StoredText;
  /** JSON of an ErrorObject. */
  error?: StoredText;
  /** How often a step has failed. */
  attempt?: number;
  nextAttemptMs?: number;
  scheduledEndMs?: number;
  seconds?: number;
  replayChildren?: boolean;
  callbackId?: string;
  heartbeatSeconds?: number;
  invoked?: { readonly functionName: string; readonly tenantId?: string; readonly input: StoredText };
}

/** An event, with what may be long apart from it. */
export interface HistoryRow {
  readonly event: Event;
  /** Which member of the details the payload belongs to. */
  readonly payload?: { readonly details: string; readonly member: 'Input' | 'Result' | 'Error'; readonly stored: StoredText };
}

export const ownerOf = ({ functionName, name }: Omit<ExecutionKey, keyof Scope>): TextOwner => [functionName, name];

export const findExecution = (tx: ReadTransaction, key: ExecutionKey): Promise<ExecutionRow | undefined> => executions.get(tx, key, ownerOf(key));

export const setExecution = (tx: Transaction, key: ExecutionKey, row: ExecutionRow): void => executions.set(tx, key, ownerOf(key), row);

/** A new execution, with its place in the order of starts. */
export function addExecution(tx: Transaction, key: ExecutionKey, row: ExecutionRow): void {
  setExecution(tx, key, row);
  starts.set(tx, key, [key.functionName, row.startedAtMs, key.name], {});
}

export async function findOperation(tx: ReadTransaction, key: ExecutionKey, id: string): Promise<OperationRow | undefined> {
  const found = await operationIds.get(tx, key, [...ownerOf(key), id]);
  return found && operations.get(tx, key, [...ownerOf(key), found.number]);
}

export function setOperation(tx: Transaction, key: ExecutionKey, row: OperationRow): void {
  operations.set(tx, key, [...ownerOf(key), row.number], row);
  operationIds.set(tx, key, [...ownerOf(key), row.id], { number: row.number });
}

/** Operations in the order in which they began. */
export const listOperations = async (tx: ReadTransaction, key: ExecutionKey, page: { readonly limit: number; readonly after: number }): Promise<OperationRow[]> =>
  (await operations.list(tx, key, ownerOf(key), { limit: page.limit, after: [...ownerOf(key), page.after] })).map(({ row }) => row);

export const addHistory = (tx: Transaction, key: ExecutionKey, number: number, row: HistoryRow): void => history.set(tx, key, [...ownerOf(key), number], row);

export async function listHistory(tx: ReadTransaction, key: ExecutionKey, page: { readonly limit: number; readonly after: number | undefined; readonly reverse: boolean }): Promise<HistoryRow[]> {
  const after = page.after === undefined ? {} : { after: [...ownerOf(key), page.after] };
  return (await history.list(tx, key, ownerOf(key), { limit: page.limit, reverse: page.reverse, ...after })).map(({ row }) => row);
}

export interface StartsPage {
  readonly limit: number;
  readonly reverse: boolean;
  readonly after: readonly [startedAtMs: number, name: string] | undefined;
}

/** Executions of a function in the order of their starts. */
export async function listExecutions(tx: ReadTransaction, scope: Scope, functionName: string, page: StartsPage): Promise<ExecutionRow[]> {
  const after = page.after === undefined ? {} : { after: [functionName, ...page.after] };
  const found = await starts.list(tx, scope, [functionName], { limit: page.limit, reverse: page.reverse, ...after });
  const rows = await Promise.all(found.map(({ parts }) => findExecution(tx, { account: scope.account, region: scope.region, functionName, name: String(parts[2]) })));
  return rows.filter((row) => row !== undefined);
}

/** One execution and everything of it. Its timers find nothing and do nothing. */
export function clearExecution(tx: Transaction, key: ExecutionKey, { startedAtMs }: Pick<ExecutionRow, 'startedAtMs'>): void {
  const owner = ownerOf(key);
  executions.clear(tx, key, owner);
  starts.clear(tx, key, [key.functionName, startedAtMs, key.name]);
  for (const table of [operations, operationIds, history]) table.clearAll(tx, key, owner);
  clearTexts(tx, key, owner);
}

/** All executions of a function that is deleted. */
export function clearExecutionsOf(tx: Transaction, scope: Scope, functionName: string): void {
  for (const table of [executions, starts, operations, operationIds, history]) table.clearAll(tx, scope, [functionName]);
  clearTexts(tx, scope, [functionName]);
}

export type { ErrorObject };
