// Functions as targets of the outbox: asynchronous invocations, by callers of Invoke and by other services alike.
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import type { FunctionAccess } from '../../../ports/functionAccess.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Envelope } from '../../../ports/outbox.ts';
import { parseFunctionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { newTraceId } from '../domain/traceId.ts';
import type { LambdaContext } from '../operation.ts';
import { clearEvent, findEvent, setEvent } from '../store.ts';
import type { EventRow } from '../store.ts';
import { ownPrincipal } from './eventQueue.ts';
import { afterFunctionError, defaultEventRules } from './eventRules.ts';
import type { EventEnd } from './eventRules.ts';
import { findInvocable, runInvocable } from './invocable.ts';
import type { Invocable } from './invocable.ts';

export type EventTargetDeps = Pick<LambdaContext, 'store' | 'fleet' | 'random'> & {
  readonly clock: Clock;
  readonly log: Logger;
  readonly access: FunctionAccess;
  /** Events of one function under way at once. */
  readonly atOnceMax: number;
};

/** The one target for all functions; `TargetDirectory.for` gives it for every function's ARN. */
export function createEventTarget(deps: EventTargetDeps): DeliveryTarget {
  const { store, clock, log, access } = deps;

  async function deliver(envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
    const reference = parseFunctionArn(envelope.target);
    if (reference === undefined) return end('FunctionNotFound');
    if (clock.now() - envelope.createdAtMs >= defaultEventRules.ageMsMax) return end('EventAgeExceeded');
    if (!(await isAllowed(envelope))) return end('AccessDenied');
    const found = await findInvocable(reference, deps).catch(undefinedIfRefused);
    if (found === undefined) return end('FunctionNotFound');
    // The guide, "Reserved concurrency": with none at all, events go where failed ones go, without a retry.
    if (found.head.reservedConcurrency === 0) return end('ZeroReservedConcurrency');
    return invoke(found, envelope, delivery);
  }

  async function invoke(found: Invocable, envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
    const { reference } = found;
    const row = (await store.read((tx) => findEvent(tx, reference, envelope.id))) ?? newEvent(envelope);
    const input = { requestId: row.requestId, traceId: row.traceId, event: envelope.payload, clientContext: undefined, wantsTail: false };
    let failed: boolean;
    try {
      failed = (await runInvocable(found, input, deps)).failed;
    } catch (error) {
      // Throttles and failures of ours: the outbox waits from one second to five minutes, as AWS does, until the event is too old.
      if (error instanceof ServiceError) return { kind: 'retry', reason: error.code };
      throw error;
    }
    if (failed) return countFailure(envelope, reference, row);
    // The effect was the function's; what is left is to forget the event and its row together.
    await store.transact(async (tx) => {
      if (await delivery.acknowledge(tx)) clearEvent(tx, reference, envelope.id);
    });
    return { kind: 'delivered' };
  }

  async function countFailure(envelope: Envelope, reference: FunctionReference, row: EventRow): Promise<DeliveryResult> {
    const functionErrors = row.functionErrors + 1;
    const after = afterFunctionError(functionErrors, defaultEventRules);
    if (after.kind === 'end') return end(after.why);
    await store.transact(async (tx) => setEvent(tx, reference, envelope.id, { ...row, functionErrors }));
    return { kind: 'retry', reason: 'Unhandled', afterMs: after.afterMs };
  }

  async function isAllowed({ target, callingPrincipal, source, sourceArn, account }: Envelope): Promise<boolean> {
    // Its caller was asked for permission when Invoke accepted it.
    if (source === 'lambda' && callingPrincipal === ownPrincipal) return true;
    const question = { functionArn: target, service: callingPrincipal, sourceAccount: account, ...(sourceArn === undefined ? {} : { sourceArn }) };
    const verdict = await access.mayInvoke(question);
    if (verdict.kind === 'denied') log.warn('a function does not let a service invoke it', { functionArn: target, service: callingPrincipal, remedy: verdict.remedy });
    return verdict.kind !== 'denied';
  }

  return {
    deliver,
    concurrency: deps.atOnceMax,
    // A failure destination or a dead-letter queue will be told here, in the same transaction.
    async giveUp(tx, envelope) {
      const reference = parseFunctionArn(envelope.target);
      if (reference !== undefined) clearEvent(tx, reference, envelope.id);
      return 'keep';
    },
  };

  function newEvent(envelope: Envelope): EventRow {
    return { requestId: envelope.id, traceId: newTraceId(clock.now(), deps.random), functionErrors: 0 };
  }
}

const end = (why: EventEnd): DeliveryResult => ({ kind: 'rejected', reason: why });

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof ServiceError) return undefined;
  throw error;
}
