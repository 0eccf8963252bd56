// Changes to one execution within one transaction: its row, its operations, its history, its timers, and who is told of its end.
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/log.ts';
import type { Random } from '../../../base/random.ts';
import type { Event, EventType } from '@aws-sdk/client-lambda';
import type { RoleAccess } from '../../../framework/roleAccess.ts';
import type { Store, Transaction } from '../../../kv/store.ts';
import type { Timers } from '../../../kv/timers.ts';
import type { Emitter } from '../../../ports/outbox.ts';
import type { Fleet } from '../environments/fleet.ts';
import { ownPrincipal } from '../invocations/eventQueue.ts';
import { driveAttemptsMax } from './limits.ts';
import { executionArn } from './names.ts';
import { addHistory, findExecution, findOperation, ownerOf, setExecution, setOperation } from './store.ts';
import type { ErrorObject, ExecutionKey, ExecutionRow, OperationRow } from './store.ts';
import { storeText } from './texts.ts';
import type { StoredText } from './texts.ts';

export interface DurableDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly emitter: Emitter;
  readonly timers: Timers;
  readonly fleet: Fleet;
  readonly roleAccess: RoleAccess;
}

/** The service of the timers of executions: others of Lambda have other names. */
export const timerService = 'lambda-durable';

/** What an envelope to an execution asks for: to run its function, or to make a chained invoke. */
export interface DriveRequest {
  readonly kind: 'run' | 'invoke';
  readonly operationId?: string;
}

/** What a timer of an execution is for. */
export interface TimerDetail {
  readonly account: string;
  readonly region: string;
  readonly functionName: string;
  readonly name: string;
  readonly executionId: string;
  readonly kind: 'timeout' | 'retention' | 'operation' | 'heartbeat' | 'run';
  readonly operationId?: string;
}

type EventDetails = Omit<Event, 'EventType' | 'EventId' | 'EventTimestamp' | 'Id' | 'Name' | 'ParentId' | 'SubType'>;

export interface EventPayload {
  readonly details: string;
  readonly member: 'Input' | 'Result' | 'Error';
  readonly stored: StoredText;
}

/** An execution that a transaction changes; `save` writes it. */
export interface ExecutionEdit {
  readonly tx: Transaction;
  readonly key: ExecutionKey;
  readonly row: ExecutionRow;
  readonly arn: string;
  readonly nowMs: number;
  find(id: string): Promise<OperationRow | undefined>;
  put(operation: OperationRow): void;
  /** Notes an event of the execution itself, or of one of its operations. */
  note(type: EventType, details: EventDetails, options?: { readonly operation?: OperationRow | undefined; readonly payload?: EventPayload | undefined }): void;
  text(key: string, text: string): StoredText;
  errorText(key: string, error: ErrorObject): StoredText;
  setTimer(kind: TimerDetail['kind'], dueMs: number, operationId?: string): Promise<void>;
  clearTimer(kind: TimerDetail['kind'], operationId?: string): Promise<void>;
  /** The function is to be run, now or after the run that is under way. */
  drive(): void;
  /** Asks for something else than a run. */
  ask(request: DriveRequest): void;
  save(): void;
}

/** Undefined when there is no such execution. */
export async function openExecution(tx: Transaction, key: ExecutionKey & { readonly executionId?: string }, deps: DurableDeps): Promise<ExecutionEdit | undefined> {
  const found = await findExecution(tx, key);
  if (found === undefined || (key.executionId !== undefined && key.executionId !== found.executionId)) return undefined;
  return editExecution(tx, key, { ...found }, deps);
}

export function editExecution(tx: Transaction, { account, region, functionName, name }: ExecutionKey, row: ExecutionRow, { clock, emitter, timers }: DurableDeps): ExecutionEdit {
  const key = { account, region, functionName, name };
  const arn = executionArn({ ...key, version: row.version, executionId: row.executionId });
  const nowMs = clock.now();
  const timerOf = (kind: TimerDetail['kind'], operationId?: string) => ({ service: timerService, id: `${arn}/${kind}/${operationId ?? ''}` });
  const text = (id: string, value: string): StoredText => storeText(tx, key, ownerOf(key), id, value);

  function ask(request: DriveRequest): void {
    emitter.emit(tx, {
      ...{ account, region, source: 'lambda', target: arn, callingPrincipal: ownPrincipal },
      payload: Buffer.from(JSON.stringify(request)),
      maximumAgeMs: 2 * row.timeoutSeconds * 1_000 + 86_400_000,
      maximumAttempts: driveAttemptsMax,
    });
  }

  return {
    ...{ tx, key, row, arn, nowMs, text, ask },
    find: async (id) => {
      const operation = await findOperation(tx, key, id);
      return operation && { ...operation };
    },
    put: (operation) => setOperation(tx, key, operation),
    note(type, details, { operation, payload } = {}) {
      row.events += 1;
      const about = operation === undefined ? {} : definedOnly({ Id: operation.id, Name: operation.name, ParentId: operation.parentId, SubType: operation.subType });
      const event: Event = { EventType: type, EventId: row.events, EventTimestamp: new Date(nowMs), ...about, ...details };
      addHistory(tx, key, row.events, payload === undefined ? { event } : { event, payload });
    },
    errorText: (id, error) => text(id, JSON.stringify(error)),
    setTimer: (kind, dueMs, operationId) =>
      timers.set(tx, { ...timerOf(kind, operationId), dueMs, detail: { ...key, executionId: row.executionId, kind, ...(operationId === undefined ? {} : { operationId }) } satisfies TimerDetail }),
    clearTimer: (kind, operationId) => timers.clear(tx, timerOf(kind, operationId)),
    drive() {
      if (row.driving || row.status !== 'RUNNING') return;
      row.driving = true;
      ask({ kind: 'run' });
    },
    save: () => setExecution(tx, key, row),
  };
}

/** Without the members that are undefined. */
export const definedOnly = <Value extends object>(value: Value): { [Name in keyof Value]?: Exclude<Value[Name], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as { [Name in keyof Value]?: Exclude<Value[Name], undefined> };
