// Functions as targets of the outbox: asynchronous invocations, by callers of Invoke and by other services alike.
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import type { RoleAccess } from '../../../framework/roleAccess.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { FunctionAccess } from '../../../ports/functionAccess.ts';
import { unrecordedMetrics } from '../../../ports/metrics.ts';
import type { MetricRecorder } from '../../../ports/metrics.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Emitter, Envelope } from '../../../ports/outbox.ts';
import { functionArn, parseFunctionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { acceptTrace, enterTrace } from '../domain/trace.ts';
import type { InvocationResult } from '../environments/executionEnvironment.ts';
import { keptFailureBytesMax } from '../limits.ts';
import { requireVersion } from '../lookup.ts';
import type { LambdaContext } from '../operation.ts';
import { clearEvent, findEvent, findPolicy, latest, setEvent } from '../store.ts';
import type { EventRow } from '../store.ts';
import { encodeEnding, makeDeadLetter, makeInvocationRecord } from './destinations.ts';
import type { EventEnding } from './destinations.ts';
import { findEventConfig } from './eventConfigStore.ts';
import { ownPrincipal } from './eventQueue.ts';
import { afterFunctionError, eventRulesOf, requeueAfterMs } from './eventRules.ts';
import type { EventEnd, EventRules } from './eventRules.ts';
import { createEventMetrics } from './eventMetrics.ts';
import { findInvocable, runInvocable } from './invocable.ts';
import type { Invocable } from './invocable.ts';

export type EventTargetDeps = Pick<LambdaContext, 'store' | 'fleet' | 'durable' | 'random'> & {
  readonly clock: Clock;
  readonly log: Logger;
  readonly access: FunctionAccess;
  readonly roleAccess: RoleAccess;
  readonly emitter: Emitter;
  /** Events of one function under way at once. */
  readonly atOnceMax: number;
  /** CloudWatch, where there is one. */
  readonly recorder?: MetricRecorder | undefined;
};

/** The one target for all functions; `TargetDirectory.for` gives it for every function's ARN. */
export function createEventTarget(deps: EventTargetDeps): DeliveryTarget {
  const { store, clock, log, access, emitter } = deps;
  const metrics = createEventMetrics(deps.recorder ?? unrecordedMetrics);

  async function deliver(envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
    const reference = parseFunctionArn(envelope.target);
    if (reference === undefined) return end('FunctionNotFound');
    if (envelope.attempts === 0) metrics.received(reference, clock.now());
    const rules = eventRulesOf(await store.read((tx) => findEventConfig(tx, reference, reference.name, reference.qualifier)));
    if (clock.now() - envelope.createdAtMs >= rules.ageMsMax) return end('EventAgeExceeded');
    if (!(await isAllowed(envelope, reference))) return end('AccessDenied');
    const found = await findInvocable(reference, deps).catch(undefinedIfRefused);
    if (found === undefined) return end('FunctionNotFound');
    // The guide, "Reserved concurrency": with none at all, events go where failed ones go, without a retry.
    if (found.head.reservedConcurrency === 0) return end('ZeroReservedConcurrency');
    return invoke(found, envelope, delivery, rules);
  }

  async function invoke(found: Invocable, envelope: Envelope, delivery: Delivery, rules: EventRules): Promise<DeliveryResult> {
    const { reference } = found;
    if (found.row.durable !== undefined) return startDurable(found, envelope, delivery);
    const row = (await store.read((tx) => findEvent(tx, reference, envelope.id))) ?? newEvent(envelope);
    const input = { requestId: row.requestId, traceId: row.traceId, event: envelope.payload, clientContext: undefined, wantsTail: false, tenantId: row.tenantId };
    metrics.attempted(reference, clock.now() - envelope.createdAtMs, clock.now());
    let result: InvocationResult;
    try {
      result = await runInvocable(found, input, { ...deps, asynchronous: true });
    } catch (error) {
      if (error instanceof ServiceError && error.code === recursionCode) return end(recursionCode);
      // Throttles and failures of ours, until the event is too old.
      if (error instanceof ServiceError) return again(error.code, requeueAfterMs(envelope.attempts - row.functionErrors, deps.random.fraction()), envelope, rules);
      throw error;
    }
    if (result.failed) return countFailure(envelope, found, row, rules, result.payload);
    const response = { version: found.row.version, payload: result.payload, failed: false };
    // The effect was the function's; what is left is to forget the event and its row together, and to tell who wants to know.
    await store.transact(async (tx) => {
      if (!(await delivery.acknowledge(tx))) return;
      clearEvent(tx, reference, envelope.id);
      const destination = (await findEventConfig(tx, reference, reference.name, reference.qualifier))?.onSuccess;
      if (destination === undefined) return;
      const ending = { reference, row, condition: 'Success', invokes: row.functionErrors + 1, requestPayload: envelope.payload, response, nowMs: clock.now() } as const;
      tellDestination(tx, destination, ending, found.row.roleArn);
    });
    return { kind: 'delivered' };
  }

  /** The execution begins, and its end is its own matter. */
  async function startDurable({ reference, row: version }: Invocable, envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
    try {
      await store.transact(async (tx) => {
        if (!(await delivery.acknowledge(tx))) return;
        const row = (await findEvent(tx, reference, envelope.id)) ?? newEvent(envelope);
        clearEvent(tx, reference, envelope.id);
        await deps.durable.start(tx, { reference, version, input: envelope.payload, traceId: row.traceId });
      });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      log.warn('an event could not start a durable execution', { functionArn: envelope.target, code: error.code, reason: error.message });
      return { kind: 'rejected', reason: error.code };
    }
    return { kind: 'delivered' };
  }

  async function countFailure(envelope: Envelope, { reference, row: version }: Invocable, row: EventRow, rules: EventRules, payload: Uint8Array): Promise<DeliveryResult> {
    const functionErrors = row.functionErrors + 1;
    const lastFailure = payload.length <= keptFailureBytesMax ? { version: version.version, payload } : undefined;
    await store.transact(async (tx) => setEvent(tx, reference, envelope.id, { ...row, functionErrors, ...(lastFailure === undefined ? {} : { lastFailure }) }));
    const after = afterFunctionError(functionErrors, rules);
    return after.kind === 'end' ? end(after.why) : again('Unhandled', after.afterMs, envelope, rules);
  }

  /** Later, but no later than its age ends it. */
  function again(reason: string, afterMs: number, { createdAtMs }: Envelope, { ageMsMax }: EventRules): DeliveryResult {
    return { kind: 'retry', reason, afterMs: Math.max(0, Math.min(afterMs, createdAtMs + ageMsMax - clock.now())) };
  }

  async function isAllowed({ target, callingPrincipal, source, sourceArn, account }: Envelope, reference: FunctionReference): Promise<boolean> {
    // Its caller was asked for permission when Invoke accepted it.
    if (source === 'lambda' && callingPrincipal === ownPrincipal) return true;
    if (callingPrincipal.startsWith('arn:')) {
      const policy = await store.read((tx) => findPolicy(tx, reference, reference.name, reference.qualifier));
      const about = { action: 'lambda:InvokeFunction', resource: target, nowMs: clock.now(), region: reference.region };
      return deps.roleAccess({ ...about, roleArn: callingPrincipal, resourcePolicy: policy?.document });
    }
    const question = { functionArn: target, service: callingPrincipal, sourceAccount: account, ...(sourceArn === undefined ? {} : { sourceArn }) };
    const verdict = await access.mayInvoke(question);
    if (verdict.kind === 'denied') log.warn('a function does not let a service invoke it', { functionArn: target, service: callingPrincipal, remedy: verdict.remedy });
    return verdict.kind !== 'denied';
  }

  /** Tells the failure destination and the dead-letter queue, in the transaction that ends the event. */
  async function giveUp(tx: Transaction, envelope: Envelope, reason: string): Promise<'handled' | 'keep'> {
    const reference = parseFunctionArn(envelope.target);
    if (reference === undefined) return 'keep';
    const row = (await findEvent(tx, reference, envelope.id)) ?? newEvent(envelope);
    tx.afterCommit(() => metrics.dropped(reference, clock.now()));
    clearEvent(tx, reference, envelope.id);
    const found = await requireVersion(tx, reference).catch(undefinedIfRefused);
    const config = await findEventConfig(tx, reference, reference.name, reference.qualifier);
    // Who may not invoke a function may not write to its queues either.
    if (found === undefined || conditionOf(reason) === 'AccessDenied') return 'keep';
    const response = row.lastFailure === undefined ? undefined : { ...row.lastFailure, failed: true };
    const ending = { reference, row, condition: conditionOf(reason), invokes: row.functionErrors, requestPayload: envelope.payload, response, nowMs: clock.now() };
    const { roleArn, deadLetterArn } = found.row;
    const told = config?.onFailure !== undefined && tellDestination(tx, config.onFailure, ending, roleArn);
    if (deadLetterArn !== undefined) emit(tx, deadLetterArn, makeDeadLetter(deadLetterArn, ending), ending, roleArn);
    return told || deadLetterArn !== undefined ? 'handled' : 'keep';
  }

  function tellDestination(tx: Transaction, arn: string, ending: EventEnding, roleArn: string): boolean {
    const record = makeInvocationRecord(ending);
    if (record === undefined) log.warn('an invocation record is too long for its destination', { destination: arn, requestId: ending.row.requestId });
    else emit(tx, arn, encodeEnding(arn, record, ending, deps.random), ending, roleArn);
    return record !== undefined;
  }

  function emit(tx: Transaction, arn: string, payload: Uint8Array, { reference, row }: EventEnding, roleArn: string): void {
    const { account, region, name, qualifier } = reference;
    const traceHeader = enterTrace(row.traceId, functionArn(reference, name)).header;
    emitter.emit(tx, { traceHeader, source: 'lambda', sourceArn: functionArn(reference, name, qualifier ?? latest), target: arn, account, region, callingPrincipal: roleArn, payload });
  }

  function newEvent(envelope: Envelope): EventRow {
    return { requestId: envelope.id, traceId: acceptTrace(envelope.traceHeader, clock.now(), deps.random), functionErrors: 0 };
  }

  return { deliver, concurrency: deps.atOnceMax, giveUp };
}

const end = (why: EventEnd): DeliveryResult => ({ kind: 'rejected', reason: why });

const recursionCode = 'RecursiveInvocationException';

const ends: readonly string[] = [recursionCode, 'RetriesExhausted', 'EventAgeExceeded', 'ZeroReservedConcurrency', 'FunctionNotFound', 'AccessDenied'] satisfies EventEnd[];

/** The outbox itself ends only what has grown too old. */
const conditionOf = (reason: string): EventEnd => (ends.includes(reason) ? (reason as EventEnd) : 'EventAgeExceeded');

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof ServiceError) return undefined;
  throw error;
}
