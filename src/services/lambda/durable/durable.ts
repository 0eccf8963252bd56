// Durable executions: started once, run again and again until they end. A run is an invocation with the operations so far as its
// event; between two of them nothing runs. What drives an execution is an envelope of the outbox, so that a kill only repeats a run.
// https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
import { createHash } from 'node:crypto';
import { uuid } from '../../../base/ids.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { FiredTimer } from '../../../kv/timers.ts';
import type { DeliveryTarget } from '../../../ports/outbox.ts';
import { errors } from '../errors.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { openError } from './output.ts';
import { createDriver } from './driver.ts';
import { editExecution } from './edit.ts';
import type { DurableDeps, ExecutionEdit, TimerDetail } from './edit.ts';
import { executionTimeoutSecondsDefault, retentionDaysDefault, waitedSecondsMax } from './limits.ts';
import { executionArn, parseExecutionArn } from './names.ts';
import { addExecution, findExecution, ownerOf, setOperation } from './store.ts';
import type { ExecutionKey, ExecutionRow, ParentOperation } from './store.ts';
import { loadText, storeText } from './texts.ts';
import { fireTimer } from './timers.ts';
import type { VersionRow } from '../store.ts';

export interface StartRequest {
  readonly reference: FunctionReference;
  readonly version: VersionRow;
  readonly input: Uint8Array;
  readonly traceId: string;
  /** The caller's; the execution's id when absent. */
  readonly name?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly parent?: ParentOperation;
}

export interface DurableResult {
  readonly payload: Uint8Array;
  readonly failed: boolean;
}

export interface Durable {
  readonly deps: DurableDeps;
  /** Starts an execution, or finds the one of this name and input; answers its ARN. Throws DurableExecutionAlreadyStartedException. */
  start(tx: Transaction, request: StartRequest): Promise<string>;
  /** Starts an execution and waits for its end. */
  run(request: StartRequest, signal?: AbortSignal): Promise<DurableResult & { readonly arn: string }>;
  /** Tells who waits, and the parent: to be called in every transaction that may have ended the execution. */
  settle(edit: ExecutionEdit): Promise<void>;
  /** Where envelopes to executions are delivered. */
  readonly target: DeliveryTarget;
  fire(tx: Transaction, timer: FiredTimer): Promise<void>;
  /** Nobody waits any more. */
  endWaiting(): void;
}

export function createDurable(deps: DurableDeps): Durable {
  const { store, clock, random } = deps;
  const waiting = new Map<string, Set<(ended: boolean) => void>>();

  async function settle(edit: ExecutionEdit): Promise<void> {
    edit.save();
    if (edit.row.endedAtMs === undefined) return;
    edit.tx.afterCommit(() => {
      for (const tell of waiting.get(edit.arn) ?? []) tell(true);
      waiting.delete(edit.arn);
    });
    if (edit.row.parent !== undefined) await driver.tellParent(edit);
  }

  const driver = createDriver({ ...deps, settle, start });

  async function start(tx: Transaction, { reference, version, input, traceId, name, tenantId, parent }: StartRequest): Promise<string> {
    const { account, region } = reference;
    const { qualifier } = reference;
    // https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html, "Qualified ARNs requirement".
    if (qualifier === undefined) throw errors.invalidParameter('You cannot invoke a durable function using an unqualified ARN.');
    const executionId = uuid(random);
    const key: ExecutionKey = { account, region, functionName: reference.name, name: name ?? executionId };
    const inputSha256 = createHash('sha256').update(input).digest('hex');
    const old = await findExecution(tx, key);
    if (old !== undefined) {
      // The guide, "Idempotency": the same name and payload is the same execution, whether it runs or has ended.
      if (old.inputSha256 !== inputSha256) throw errors.durableExecutionAlreadyStarted(key.name);
      return executionArn({ ...key, version: old.version, executionId: old.executionId });
    }
    const text = Buffer.from(input).toString('utf8');
    const row: ExecutionRow = {
      ...{ name: key.name, executionId, functionName: reference.name, version: version.version, qualifier, status: 'RUNNING', startedAtMs: clock.now() },
      ...{ input: storeText(tx, key, ownerOf(key), 'input', text), inputSha256, traceId },
      timeoutSeconds: version.durable?.timeoutSeconds ?? executionTimeoutSecondsDefault,
      retentionDays: version.durable?.retentionDays ?? retentionDaysDefault,
      ...(tenantId === undefined ? {} : { tenantId }),
      ...{ operations: 1, events: 0, token: 0, unseen: [], driving: false, failedRuns: 0 },
      ...(parent === undefined ? {} : { parent }),
    };
    const edit = editExecution(tx, key, row, deps);
    setOperation(tx, key, { id: executionId, number: 1, type: 'EXECUTION', name: key.name, status: 'STARTED', startedAtMs: row.startedAtMs });
    edit.note('ExecutionStarted', { ExecutionStartedDetails: { Input: {}, ExecutionTimeout: row.timeoutSeconds } }, { payload: { details: 'ExecutionStartedDetails', member: 'Input', stored: row.input } });
    await edit.setTimer('timeout', row.startedAtMs + row.timeoutSeconds * 1_000);
    edit.drive();
    addExecution(tx, key, row);
    return edit.arn;
  }

  async function waitFor(arn: string, signal: AbortSignal | undefined): Promise<DurableResult> {
    const key = parseExecutionArn(arn);
    if (key === undefined) throw errors.serviceFailure();
    let cancel = (): void => undefined;
    const ended = new Promise<boolean>((resolve) => {
      const tellers = waiting.get(arn) ?? new Set();
      waiting.set(arn, tellers.add(resolve));
      cancel = () => void tellers.delete(resolve);
      signal?.addEventListener('abort', () => resolve(false), { once: true });
    });
    try {
      for (;;) {
        const result = await store.read(async (tx) => {
          const row = await findExecution(tx, key);
          if (row === undefined || row.executionId !== key.executionId) throw errors.executionNotFound(arn);
          return row.endedAtMs === undefined ? undefined : readResult(tx, key, row);
        });
        if (result !== undefined) return result;
        if (!(await ended)) throw errors.stopping();
      }
    } finally {
      cancel();
    }
  }

  return {
    ...{ deps, start, settle, target: driver.target },
    async run(request, signal) {
      // The same page, "Synchronous invocation".
      if ((request.version.durable?.timeoutSeconds ?? executionTimeoutSecondsDefault) > waitedSecondsMax) {
        throw errors.invalidParameter('You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.');
      }
      const arn = await store.transact((tx) => start(tx, request));
      return { arn, ...(await waitFor(arn, signal)) };
    },
    fire: (tx, timer) => fireTimer(tx, timer.detail as TimerDetail, { ...deps, settle }),
    endWaiting() {
      for (const tellers of waiting.values()) for (const tell of tellers) tell(false);
      waiting.clear();
    },
  };
}

/** The answer to whoever waits: the result, or an error document as functions answer them. */
async function readResult(tx: Parameters<typeof loadText>[0], key: ExecutionKey, row: ExecutionRow): Promise<DurableResult> {
  const load = async (stored: ExecutionRow['result']): Promise<string | undefined> => stored && loadText(tx, key, ownerOf(key), stored);
  if (row.status === 'SUCCEEDED') return { payload: Buffer.from((await load(row.result)) || 'null'), failed: false };
  const { ErrorType, ErrorMessage, ErrorData, StackTrace } = openError(JSON.parse((await load(row.error)) ?? '{}'));
  const document = { errorType: ErrorType, errorMessage: ErrorMessage, errorData: ErrorData, stackTrace: StackTrace };
  return { payload: Buffer.from(JSON.stringify(document)), failed: true };
}
