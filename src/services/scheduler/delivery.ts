// The service as a target of the outbox: one occurrence of a schedule, which is passed on to its target in the name of its role.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html

import { parseArn } from '../../base/arn.ts';
import type { Transaction } from '../../kv/store.ts';
import type { BusMessage } from '../../ports/eventBus.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Envelope } from '../../ports/outbox.ts';
import { encodeQueueMessage, type QueueMessageAttribute } from '../../ports/queueMessage.ts';
import { parseDeliveryArn, scheduleArn, type ScheduleName } from './domain/names.ts';
import { parseUniversalTarget } from './domain/universalTarget.ts';
import type { Occurrence } from './firing.ts';
import type { SchedulerDeps } from './operation.ts';

interface Errand extends Occurrence {
  readonly name: ScheduleName;
  readonly input: string;
}

export function createDeliveryTarget(deps: SchedulerDeps): DeliveryTarget {
  return {
    async deliver(envelope, delivery) {
      const errand = readErrand(envelope);
      return errand ? passOn(errand, envelope, delivery, deps) : { kind: 'rejected', reason: 'there is no such schedule' };
    },
    async giveUp(tx, envelope, reason) {
      const errand = readErrand(envelope);
      return errand ? sendDeadLetter(tx, errand, envelope, reason, deps) : 'keep';
    },
  };
}

function readErrand(envelope: Envelope): Errand | undefined {
  const name = parseDeliveryArn(envelope.target);
  if (!name) return undefined;
  const text = Buffer.from(envelope.payload).toString('utf8');
  const end = text.indexOf('\n');
  const { hasInput, ...occurrence } = JSON.parse(text.slice(0, end)) as Occurrence & { readonly hasInput: boolean };
  const input = hasInput ? fillIn(text.slice(end + 1), occurrence, name, envelope.attempts + 1) : '';
  return { ...occurrence, name, input };
}

// User guide, "Adding context attributes to a target".
function fillIn(text: string, { executionId, scheduledMs }: Occurrence, name: ScheduleName, attempt: number): string {
  return text
    .replaceAll('<aws.scheduler.schedule-arn>', scheduleArn(name))
    .replaceAll('<aws.scheduler.scheduled-time>', timeText(scheduledMs))
    .replaceAll('<aws.scheduler.execution-id>', executionId)
    .replaceAll('<aws.scheduler.attempt-number>', String(attempt));
}

const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

async function passOn(errand: Errand, envelope: Envelope, delivery: Delivery, deps: SchedulerDeps): Promise<DeliveryResult> {
  const { target, name, input } = errand;
  const arn = target.Arn;
  if (parseArn(arn)?.service === 'lambda') return invokeFunction(errand, delivery, deps);
  const universal = parseUniversalTarget(arn);
  if (universal) {
    const result = await deps.api.call({ ...universal, input: input || '{}', roleArn: target.RoleArn, account: name.account, region: name.region, signal: delivery.signal });
    if (result.kind === 'done') return { kind: 'delivered' };
    return { kind: result.retryable ? 'retry' : 'rejected', reason: `${result.code}: ${result.message}` };
  }
  const receiver = deps.directory.for(arn);
  if (!receiver) return { kind: 'rejected', reason: `NO_RESOURCE: there is no ${arn}` };
  const forwarded: Envelope = { ...envelope, source: 'scheduler', sourceArn: scheduleArn(name), target: arn, callingPrincipal: target.RoleArn, payload: payloadFor(errand, input) };
  return receiver.deliver(forwarded, delivery);
}

function payloadFor({ target }: Errand, input: string): Uint8Array {
  const service = parseArn(target.Arn)?.service;
  if (service === 'sqs') {
    const groupId = target.SqsParameters?.MessageGroupId;
    return encodeQueueMessage({ body: input, ...(groupId === undefined ? {} : { groupId }) });
  }
  if (service === 'events' && target.EventBridgeParameters) {
    const { Source: source, DetailType } = target.EventBridgeParameters;
    return Buffer.from(JSON.stringify({ source, 'detail-type': DetailType, detail: JSON.parse(input || '{}') as unknown } satisfies BusMessage));
  }
  return Buffer.from(input);
}

// Functions are invoked asynchronously: the event is in their own queue, with their own retries, and that ends the schedule's delivery.
async function invokeFunction({ target, name, input }: Errand, delivery: Delivery, { functions, roleAccess, store, emitter, clock }: SchedulerDeps): Promise<DeliveryResult> {
  const { account, region } = name;
  const sourceArn = scheduleArn(name);
  const payload = Buffer.from(input);
  // Lambda quotas, "Invocation payload": context attributes can make it longer than the schedule's input.
  if (payload.length > 1_048_576) return { kind: 'rejected', reason: `SDK_CLIENT_ERROR: ${payload.length} byte payload is too large for the Event invocation type` };
  const verdict = await functions.mayInvoke({ functionArn: target.Arn, service: 'scheduler.amazonaws.com', sourceArn, sourceAccount: account });
  if (verdict.kind === 'no-such-function') return { kind: 'rejected', reason: `NO_RESOURCE: Function not found: ${target.Arn}` };
  if (!(await roleAccess({ roleArn: target.RoleArn, action: 'lambda:InvokeFunction', resource: target.Arn, nowMs: clock.now(), region }))) {
    return { kind: 'rejected', reason: `AccessDenied: ${target.RoleArn} is not authorized to perform: lambda:InvokeFunction on resource: ${target.Arn}` };
  }
  await store.transact(async (tx) => {
    if (!(await delivery.acknowledge(tx))) return;
    emitter.emit(tx, { source: 'scheduler', sourceArn, target: target.Arn, account, region, callingPrincipal: target.RoleArn, payload });
  });
  return { kind: 'delivered' };
}

// User guide, "Configuring a dead-letter queue": the request, and what went wrong in the attributes. The role writes it.
async function sendDeadLetter(tx: Transaction, { name, target, input, executionId, scheduledMs }: Errand, envelope: Envelope, reason: string, { emitter, log }: SchedulerDeps): Promise<'handled' | 'keep'> {
  const queueArn = target.DeadLetterConfig?.Arn;
  const sourceArn = scheduleArn(name);
  tx.afterCommit(() => log.warn('a schedule did not reach its target', { scheduleArn: sourceArn, targetArn: target.Arn, reason, deadLetterArn: queueArn }));
  if (queueArn === undefined) return 'keep';
  const text = (value: string): QueueMessageAttribute => ({ type: 'String', value });
  const [code = '', message = ''] = /^([A-Za-z_.]+): (.*)$/s.exec(reason)?.slice(1) ?? [reason, reason];
  const exhausted = envelope.attempts >= envelope.maximumAttempts ? 'MaximumRetryAttempts' : 'MaximumEventAgeInSeconds';
  emitter.emit(tx, {
    ...{ source: 'scheduler', sourceArn, target: queueArn, account: name.account, region: name.region, callingPrincipal: target.RoleArn },
    payload: encodeQueueMessage({
      body: input === '' ? '{}' : input,
      attributes: {
        SCHEDULE_ARN: text(sourceArn),
        TARGET_ARN: text(target.Arn),
        EXECUTION_ID: text(executionId),
        EXECUTION_TIME: text(timeText(scheduledMs)),
        ERROR_CODE: text(code.slice(0, 256) || 'UNKNOWN'),
        ERROR_MESSAGE: text(message.slice(0, 1_024) || 'unknown'),
        EXHAUSTED_RETRY_CONDITION: text(exhausted),
        RETRY_ATTEMPTS: text(String(Math.max(0, envelope.attempts - 1))),
        IS_PAYLOAD_TRUNCATED: text('false'),
      },
    }),
  });
  return 'handled';
}
