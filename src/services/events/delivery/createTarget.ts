// The service as a target of the outbox: what is under way to the targets of rules, what is left of wide fan-outs, and events that others
// send to a bus by its ARN.

import type { Logger } from '../../../base/log.ts';
import type { AccountAccess } from '../../../framework/accountAccess.ts';
import type { RoleAccess } from '../../../framework/roleAccess.ts';
import type { ServiceAccess } from '../../../framework/serviceAccess.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { FunctionAccess } from '../../../ports/functionAccess.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Envelope } from '../../../ports/outbox.ts';
import { encodeQueueMessage } from '../../../ports/queueMessage.ts';
import { isArchiveTarget, storeArchived } from '../archiving.ts';
import { decodePayload, parsePlace, type Header, type Place } from '../domain/delivery.ts';
import type { EventRecord } from '../domain/eventRecord.ts';
import { type BusName, parseBusArn, parseOwnArn, ruleArn } from '../domain/names.ts';
import { InputProblem, makeInput } from '../domain/targetInput.ts';
import { eventBytesMax } from '../limits.ts';
import { newBudget, ownPrincipal, publish } from '../publish.ts';
import type { KnownRule, KnownTarget } from '../rulesets.ts';
import type { EventsDeps } from '../operation.ts';
import type { ApiClient } from './apiClient.ts';
import { acceptMessage, forwardToBus } from './busDelivery.ts';
import { deliverToApi } from './apiDelivery.ts';
import { sendDeadLetter } from './deadLetter.ts';
import { type LogGroups, writeLog } from './logDelivery.ts';
import { refuse, translate } from './outcome.ts';
import type { RateLimit } from './rateLimit.ts';

export interface TargetDeps extends EventsDeps {
  readonly roleAccess: RoleAccess;
  readonly serviceAccess: ServiceAccess;
  readonly accountAccess: AccountAccess;
  readonly functions: FunctionAccess;
  readonly logs: LogGroups;
  readonly rates: RateLimit;
  readonly api: ApiClient;
  readonly log: Logger;
}

/** What is to be delivered to one target. */
export interface Errand {
  readonly place: Place;
  readonly rule: KnownRule;
  readonly target: KnownTarget;
  readonly header: Header;
  readonly eventText: string;
  readonly ruleArn: string;
}

/** One target for everything of the service; `TargetDirectory.for` gives it for every ARN that `accepts`. */
export function createTarget(deps: TargetDeps): DeliveryTarget {
  return {
    async deliver(envelope, delivery) {
      const found = parsePlace(envelope.target);
      if (found?.kind === 'target') return deliverToTarget(found.place, envelope, delivery, deps);
      if (found?.kind === 'fan-out') return continueFanOut(found.bus, envelope, delivery, deps);
      const bus = parseBusArn(envelope.target);
      return bus ? acceptMessage(bus, envelope, delivery, deps) : { kind: 'rejected', reason: 'there is no such resource' };
    },
    async giveUp(tx: Transaction, envelope: Envelope, reason: string) {
      const found = parsePlace(envelope.target);
      return found?.kind === 'target' ? sendDeadLetter(tx, found.place, envelope, reason, deps) : 'keep';
    },
  };
}

export function isDeliverable(arn: string): boolean {
  return parsePlace(arn) !== undefined || parseBusArn(arn) !== undefined;
}

async function continueFanOut(bus: BusName, envelope: Envelope, delivery: Delivery, deps: TargetDeps): Promise<DeliveryResult> {
  const { header, eventText: text } = decodePayload(envelope.payload);
  const record = JSON.parse(text) as EventRecord;
  await deps.store.transact(async (tx) => {
    if (!(await delivery.acknowledge(tx))) return;
    const { trail, only, after, ingestedAtMs: nowMs } = header;
    await publish(tx, { bus, record, text, nowMs, trail, ...(only && { only }), ...(after && { after }) }, newBudget(), deps);
  });
  return { kind: 'delivered' };
}

async function deliverToTarget(place: Place, envelope: Envelope, delivery: Delivery, deps: TargetDeps): Promise<DeliveryResult> {
  const ruleset = await deps.store.read((tx) => deps.rulesets.read(tx, place));
  const rule = ruleset.byName.get(place.rule);
  const target = rule?.targets.find(({ id }) => id === place.target);
  // Removed since: nobody waits for it any more.
  if (!rule || !target) return { kind: 'delivered' };
  const errand: Errand = { place, rule, target, ...decodePayload(envelope.payload), ruleArn: ruleArn(place, place.rule) };
  if (isArchiveTarget(rule)) return storeArchived(errand, delivery, deps);
  let input: string;
  try {
    const context = { ruleArn: errand.ruleArn, ruleName: rule.name, ingestedAtMs: errand.header.ingestedAtMs, bytesMax: eventBytesMax };
    input = makeInput(target.row, errand.eventText, context);
  } catch (error) {
    if (error instanceof InputProblem) return refuse('INVALID_JSON', error.message);
    throw error;
  }
  const result = await dispatch(errand, input, envelope, delivery, deps);
  if (result.kind === 'delivered') deps.metrics.invoked(place, place.rule, envelope.attempts);
  return result;
}

async function dispatch(errand: Errand, input: string, envelope: Envelope, delivery: Delivery, deps: TargetDeps): Promise<DeliveryResult> {
  const arn = errand.target.row.Arn;
  if (arn.startsWith('arn:') && arn.split(':')[2] === 'lambda') return invokeFunction(errand, input, delivery, deps);
  if (arn.split(':')[2] === 'logs') return writeLog(errand, input, deps);
  if (parseBusArn(arn)) return forwardToBus(errand, input, delivery, deps);
  if (parseOwnArn(arn, 'api-destination')) return deliverToApi(errand, input, delivery, deps);
  const receiver = deps.directory.for(arn);
  if (!receiver) return refuse('NO_RESOURCE', `There is no ${arn}.`);
  return translate(await receiver.deliver(forwarded(errand, envelope, payloadFor(errand, input)), delivery));
}

/** The envelope as the target itself would have got it. */
function forwarded({ target, ruleArn: sourceArn }: Errand, envelope: Envelope, payload: Uint8Array): Envelope {
  return { ...envelope, source: 'events', sourceArn, target: target.row.Arn, callingPrincipal: target.row.RoleArn ?? ownPrincipal, payload };
}

function payloadFor({ target: { row } }: Errand, input: string): Uint8Array {
  if (row.Arn.split(':')[2] !== 'sqs') return Buffer.from(input);
  const groupId = row.SqsParameters?.MessageGroupId;
  return encodeQueueMessage({ body: input, ...(groupId === undefined ? {} : { groupId }) });
}

// Functions are invoked asynchronously: the event is in their own queue, with their own retries, and that ends the rule's delivery.
async function invokeFunction({ place, target: { row }, ruleArn: sourceArn }: Errand, input: string, delivery: Delivery, deps: TargetDeps): Promise<DeliveryResult> {
  const payload = Buffer.from(input);
  // Lambda quotas, "Invocation payload (request and response)": 1 MB asynchronous.
  if (payload.length > 1_048_576) return refuse('SDK_CLIENT_ERROR', `${payload.length} byte payload is too large for the Event invocation type (limit 1048576 bytes)`);
  const callingPrincipal = row.RoleArn ?? ownPrincipal;
  const verdict = await deps.functions.mayInvoke({ functionArn: row.Arn, service: ownPrincipal, sourceArn, sourceAccount: place.account });
  if (verdict.kind === 'no-such-function') return refuse('NO_RESOURCE', `Function not found: ${row.Arn}`);
  if (verdict.kind === 'denied' && row.RoleArn === undefined) {
    deps.log.warn('a function does not let a rule invoke it', { functionArn: row.Arn, ruleArn: sourceArn, remedy: verdict.remedy });
    return refuse('NO_PERMISSIONS', `The function's policy does not allow ${ownPrincipal} to invoke it for ${sourceArn}.`);
  }
  await deps.store.transact(async (tx) => {
    if (!(await delivery.acknowledge(tx))) return;
    deps.emitter.emit(tx, { source: 'events', sourceArn, target: row.Arn, account: place.account, region: place.region, callingPrincipal, payload });
  });
  return { kind: 'delivered' };
}
