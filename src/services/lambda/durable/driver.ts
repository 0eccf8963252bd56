// Runs the functions of executions, and the functions that they invoke.
import { ServiceError } from '../../../base/errors.ts';
import { uuid } from '../../../base/ids.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Envelope } from '../../../ports/outbox.ts';
import { functionArn, parseFunctionName } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { requeueAfterMs } from '../invocations/eventRules.ts';
import { findInvocable, runVersion } from '../invocations/invocable.ts';
import type { InvocationResult } from '../environments/executionEnvironment.ts';
import { makeMarker } from '../domain/marker.ts';
import { findPolicy } from '../store.ts';
import { describeOperation, encodeOperation } from './describe.ts';
import type { StartRequest } from './durable.ts';
import { openExecution } from './edit.ts';
import type { DriveRequest, DurableDeps, ExecutionEdit } from './edit.ts';
import { endExecution, endOperation } from './endings.ts';
import type { OperationEnding } from './endings.ts';
import { failedRunWaitMs, failedRunsMax, givenBytesMax, givenOperationsMax } from './limits.ts';
import { makeToken, parseExecutionArn } from './names.ts';
import type { ExecutionName } from './names.ts';
import { openErrorDocument, openOutput } from './output.ts';
import { findExecution, findOperation, listOperations, ownerOf } from './store.ts';
import type { ErrorObject, ExecutionRow } from './store.ts';
import { loadText } from './texts.ts';

export interface DriverDeps extends DurableDeps {
  readonly settle: (edit: ExecutionEdit) => Promise<void>;
  readonly start: (tx: Transaction, request: StartRequest) => Promise<string>;
}

export interface Driver {
  readonly target: DeliveryTarget;
  /** Hands the end of an execution to the chained invoke that has started it. */
  tellParent(edit: ExecutionEdit): Promise<void>;
}

const delivered: DeliveryResult = { kind: 'delivered' };

export function createDriver(deps: DriverDeps): Driver {
  const { store, clock, random, settle } = deps;

  async function deliver(envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
    const key = parseExecutionArn(envelope.target);
    if (key === undefined) return { kind: 'rejected', reason: 'ExecutionNotFound' };
    const request = JSON.parse(Buffer.from(envelope.payload).toString('utf8')) as DriveRequest;
    try {
      return await (request.kind === 'run' ? run(key, delivery) : invoke(key, request.operationId ?? '', delivery));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return { kind: 'retry', reason: error.code, afterMs: requeueAfterMs(envelope.attempts, random.fraction()) };
    }
  }

  /** One run of the function. */
  async function run(key: ExecutionName, delivery: Delivery): Promise<DeliveryResult> {
    const begun = await store.transact(async (tx) => {
      const edit = await openExecution(tx, key, deps);
      if (edit === undefined || edit.row.status !== 'RUNNING') {
        if (edit !== undefined) edit.row.driving = false;
        edit?.save();
        await delivery.acknowledge(tx);
        return undefined;
      }
      // Whatever the last run knew, this one is told all of it.
      edit.row.token += 1;
      const updated = edit.row.unseen;
      edit.row.unseen = [];
      edit.save();
      return { row: edit.row, event: await makeEvent(tx, edit, updated) };
    });
    if (begun === undefined) return delivered;
    const { row } = begun;
    const startedAtMs = clock.now();
    const requestId = uuid(random);
    const found = await findInvocable({ ...placeOf(key), name: key.functionName, qualifier: row.version }, deps);
    const input = { requestId, traceId: row.traceId, event: Buffer.from(begun.event), clientContext: undefined, wantsTail: false, ...(row.tenantId === undefined ? {} : { tenantId: row.tenantId }) };
    const result = await runVersion({ ...found, reference: { ...found.reference, qualifier: row.qualifier } }, input, { ...deps, asynchronous: true });
    await store.transact(async (tx) => {
      if (!(await delivery.acknowledge(tx))) return;
      const edit = await openExecution(tx, key, deps);
      if (edit === undefined) return;
      edit.row.driving = false;
      const error = result.failed ? openErrorDocument(result.payload) : undefined;
      const times = { StartTimestamp: new Date(startedAtMs), EndTimestamp: new Date(clock.now()), RequestId: requestId };
      edit.note('InvocationCompleted', { InvocationCompletedDetails: { ...times, ...(error === undefined ? {} : { Error: { Payload: error } }) } });
      if (edit.row.status === 'RUNNING') await conclude(edit, result, error);
      await settle(edit);
    });
    return delivered;
  }

  /** What becomes of the execution after a run. */
  async function conclude(edit: ExecutionEdit, result: InvocationResult, error: ErrorObject | undefined): Promise<void> {
    const { row } = edit;
    if (error !== undefined) {
      row.failedRuns += 1;
      if (row.failedRuns >= failedRunsMax) return endExecution(edit, { status: 'FAILED', error });
      return edit.setTimer('run', edit.nowMs + failedRunWaitMs * row.failedRuns);
    }
    row.failedRuns = 0;
    const output = openOutput(result.payload);
    if (output.kind !== 'pending') return endExecution(edit, output.ending);
    if (row.unseen.length > 0) return edit.drive();
    if (!(await isWaiting(edit))) {
      const message = 'Cannot return PENDING status with no pending operations.';
      await endExecution(edit, { status: 'FAILED', error: { ErrorType: 'InvalidParameterValueException', ErrorMessage: message } });
    }
  }

  /** A chained invoke: an execution of its own, or a function whose answer is its end. */
  async function invoke(key: ExecutionName, operationId: string, delivery: Delivery): Promise<DeliveryResult> {
    const asked = await store.read(async (tx) => {
      const row = await findExecution(tx, key);
      const operation = await findOperation(tx, key, operationId);
      if (row === undefined || row.executionId !== key.executionId || row.endedAtMs !== undefined || operation?.status !== 'STARTED' || operation.invoked === undefined) return undefined;
      const { functionName, tenantId, input } = operation.invoked;
      return { row, functionName, tenantId, input: await loadText(tx, key, ownerOf(key), input) };
    });
    const end = async (ending: OperationEnding | undefined): Promise<DeliveryResult> => {
      await store.transact(async (tx) => {
        if (!(await delivery.acknowledge(tx)) || ending === undefined) return;
        const edit = await openExecution(tx, key, deps);
        const operation = await edit?.find(operationId);
        if (edit === undefined || edit.row.endedAtMs !== undefined || operation?.status !== 'STARTED') return;
        await endOperation(edit, operation, ending);
        await settle(edit);
      });
      return delivered;
    };
    if (asked === undefined) return end(undefined);
    const found = await findTarget(key, asked.row, asked.functionName);
    if ('refused' in found) return end({ status: 'FAILED', error: found.refused });
    const input = Buffer.from(asked.input);
    if (found.row.durable === undefined) {
      const call = { requestId: uuid(random), traceId: asked.row.traceId, event: input, clientContext: undefined, wantsTail: false, ...(asked.tenantId === undefined ? {} : { tenantId: asked.tenantId }) };
      const result = await runVersion(found, call, { ...deps, asynchronous: true });
      const text = Buffer.from(result.payload).toString('utf8');
      return end(result.failed ? { status: 'FAILED', error: openErrorDocument(result.payload) } : { status: 'SUCCEEDED', result: text });
    }
    const parent = { functionName: key.functionName, name: key.name, executionId: key.executionId, operationId };
    try {
      await store.transact(async (tx) => {
        if (!(await delivery.acknowledge(tx))) return;
        await deps.start(tx, { reference: found.reference, version: found.row, input, traceId: asked.row.traceId, tenantId: asked.tenantId, parent });
      });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return end({ status: 'FAILED', error: { ErrorType: error.code, ErrorMessage: error.message } });
    }
    return delivered;
  }

  /** The function that an execution wants to invoke, if its role may. */
  async function findTarget(key: ExecutionName, row: ExecutionRow, functionName: string): Promise<Awaited<ReturnType<typeof findInvocable>> | { readonly refused: ErrorObject }> {
    try {
      const reference = parseFunctionName(functionName, undefined, placeOf(key));
      const own = await findInvocable({ ...placeOf(key), name: key.functionName, qualifier: row.version }, deps);
      const resource = functionArn(reference, reference.name, reference.qualifier);
      if (!(await mayInvoke(own.row.roleArn, reference, resource))) {
        return { refused: { ErrorType: 'AccessDeniedException', ErrorMessage: `The execution role is not authorized to perform: lambda:InvokeFunction on resource: ${resource}` } };
      }
      return await findInvocable(reference, deps);
    } catch (error) {
      if (error instanceof ServiceError) return { refused: { ErrorType: error.code, ErrorMessage: error.message } };
      throw error;
    }
  }

  async function mayInvoke(roleArn: string, reference: FunctionReference, resource: string): Promise<boolean> {
    const policy = await store.read((tx) => findPolicy(tx, reference, reference.name, reference.qualifier));
    return deps.roleAccess({ roleArn, action: 'lambda:InvokeFunction', resource, resourcePolicy: policy?.document, nowMs: clock.now(), region: reference.region });
  }

  async function tellParent({ tx, key, row }: ExecutionEdit): Promise<void> {
    if (row.parent === undefined) return;
    const { functionName, name, executionId, operationId } = row.parent;
    const edit = await openExecution(tx, { account: key.account, region: key.region, functionName, name, executionId }, deps);
    const operation = await edit?.find(operationId);
    if (edit === undefined || edit.row.endedAtMs !== undefined || operation?.status !== 'STARTED') return;
    const load = async (stored: ExecutionRow['result']): Promise<string | undefined> => stored && loadText(tx, key, ownerOf(key), stored);
    if (row.status === 'SUCCEEDED') await endOperation(edit, operation, { status: 'SUCCEEDED', result: await load(row.result) });
    else if (row.status === 'FAILED' || row.status === 'STOPPED' || row.status === 'TIMED_OUT') {
      await endOperation(edit, operation, { status: row.status, error: JSON.parse((await load(row.error)) ?? '{}') as ErrorObject });
    }
    edit.save();
  }

  return { target: { deliver, concurrency: 4 }, tellParent };
}

const placeOf = ({ account, region }: { readonly account: string; readonly region: string }) => ({ account, region });

/** Whether something will wake the execution one day. */
async function isWaiting(edit: ExecutionEdit): Promise<boolean> {
  for (let after = 1; ; ) {
    const rows = await listOperations(edit.tx, edit.key, { limit: givenOperationsMax, after });
    if (rows.some(({ type, status }) => (type === 'STEP' ? status === 'PENDING' || status === 'READY' : type !== 'CONTEXT' && status === 'STARTED'))) return true;
    const last = rows.at(-1);
    if (last === undefined || rows.length < givenOperationsMax) return false;
    after = last.number;
  }
}

/** The event of a run: JSON text, in parts because payloads in it may be long. */
async function makeEvent(tx: Transaction, { key, row, arn }: ExecutionEdit, updated: readonly string[]): Promise<string> {
  const parts: string[] = [];
  let bytes = 0;
  let last = 0;
  const rows = await listOperations(tx, key, { limit: givenOperationsMax + 1, after: 0 });
  for (const operation of rows) {
    const text = encodeOperation(await describeOperation(tx, key, row, operation));
    // The first is the execution itself, whatever its input weighs.
    if (last > 0 && (parts.length >= givenOperationsMax || bytes + text.length > givenBytesMax)) break;
    parts.push(text);
    bytes += text.length;
    last = operation.number;
  }
  const marker = parts.length < rows.length ? `,"NextMarker":${JSON.stringify(makeMarker([last]))}` : '';
  const head = `"DurableExecutionArn":${JSON.stringify(arn)},"CheckpointToken":${JSON.stringify(makeToken(row.executionId, row.token))}`;
  const seen = updated.length === 0 ? '' : `,"UpdatedOperationIds":${JSON.stringify(updated)}`;
  return `{${head}${seen},"InitialExecutionState":{"Operations":[${parts.join(',')}]${marker}}}`;
}
