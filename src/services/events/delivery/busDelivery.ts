// From bus to bus, and from other services to a bus.

import { uuid } from '../../../base/ids.ts';
import type { BusMessage } from '../../../ports/eventBus.ts';
import type { Delivery, DeliveryResult, Envelope } from '../../../ports/outbox.ts';
import { startOfTrail, type Trail } from '../domain/delivery.ts';
import { eventTime, type EventRecord, jsonDepth } from '../domain/eventRecord.ts';
import { busArn, type BusName, parseBusArn } from '../domain/names.ts';
import { detailDepthMax, hopsMax } from '../limits.ts';
import { findBus, nowOf } from '../operation.ts';
import { newBudget, publish } from '../publish.ts';
import type { BusRow } from '../store.ts';
import type { Errand, TargetDeps } from './createTarget.ts';
import { refuse } from './outcome.ts';

/** The target of a rule is another bus. */
export async function forwardToBus(errand: Errand, input: string, delivery: Delivery, deps: TargetDeps): Promise<DeliveryResult> {
  const { place, target, header, eventText } = errand;
  const bus = parseBusArn(target.row.Arn) as BusName;
  const trail = stepTo(bus, place, header.trail);
  if ('kind' in trail) return trail;
  const row = await deps.store.read((tx) => findBus(tx, bus));
  if (!row) return refuse('NO_RESOURCE', `Event bus ${bus.bus} does not exist.`);
  if (!(await mayPut(bus, row, place.account, target.row.RoleArn, deps))) return refuse('NO_PERMISSIONS', `The rule may not put events on ${busArn(bus)}.`);
  const record = { ...(JSON.parse(eventText) as EventRecord), ...transformed(errand, input) };
  const text = JSON.stringify(record);
  await deps.store.transact(async (tx) => {
    if (await delivery.acknowledge(tx)) await publish(tx, { bus, record, text, nowMs: nowOf(deps), trail }, newBudget(), deps);
  });
  return { kind: 'delivered' };
}

// An input of the target's own becomes the detail.
function transformed({ target: { row } }: Errand, input: string): { detail?: unknown } {
  if (row.Input === undefined && row.InputPath === undefined && row.InputTransformer === undefined) return {};
  return { detail: JSON.parse(input) as unknown };
}

// User guide, "Sending and receiving events between AWS accounts": an event that came from another account goes no further to a third.
function stepTo(bus: BusName, from: BusName, trail: Trail): Trail | DeliveryResult {
  const crossesAccount = bus.account !== from.account;
  const crossesRegion = bus.region !== from.region;
  if (crossesAccount && trail.crossedAccount) return refuse('THIRD_ACCOUNT_HOP_DETECTED', 'Events are not sent on to a third account.');
  if (crossesRegion && trail.crossedRegion) return refuse('THIRD_REGION_HOP_DETECTED', 'Events are not sent on to a third Region.');
  if (trail.hops >= hopsMax) return refuse('SDK_CLIENT_ERROR', `The event has passed through ${hopsMax} event buses.`);
  return { ...trail, hops: trail.hops + 1, ...(crossesAccount ? { crossedAccount: true } : {}), ...(crossesRegion ? { crossedRegion: true } : {}) };
}

async function mayPut(bus: BusName, { policy }: BusRow, account: string, roleArn: string | undefined, { roleAccess, accountAccess, clock }: TargetDeps): Promise<boolean> {
  const about = { action: 'events:PutEvents', resource: busArn(bus), nowMs: clock.now(), region: bus.region };
  if (roleArn !== undefined) return roleAccess({ ...about, roleArn, resourcePolicy: bus.account === account ? undefined : policy });
  return bus.account === account || (policy !== undefined && accountAccess({ ...about, document: policy, account }));
}

/** Another service sends an event to a bus: its payload is a {@link BusMessage}. */
export async function acceptMessage(bus: BusName, envelope: Envelope, delivery: Delivery, deps: TargetDeps): Promise<DeliveryResult> {
  const text = Buffer.from(envelope.payload).toString('utf8');
  if (jsonDepth(text, detailDepthMax + 1) > detailDepthMax + 1) return { kind: 'rejected', reason: 'the event is too deep' };
  const message = JSON.parse(text) as BusMessage;
  const row = await deps.store.read((tx) => findBus(tx, bus));
  if (!row) return { kind: 'rejected', reason: `Event bus ${bus.bus} does not exist.` };
  if (!(await mayTell(bus, row, envelope, deps))) return { kind: 'rejected', reason: 'AccessDenied' };
  const nowMs = nowOf(deps);
  const record: EventRecord = {
    version: '0',
    id: uuid(deps.random),
    'detail-type': message['detail-type'],
    source: message.source,
    account: envelope.account,
    time: message.time ?? eventTime(nowMs),
    region: bus.region,
    resources: message.resources ?? [],
    detail: message.detail,
  };
  const published = { bus, record, text: JSON.stringify(record), nowMs, trail: startOfTrail };
  await deps.store.transact(async (tx) => {
    if (await delivery.acknowledge(tx)) await publish(tx, published, newBudget(), deps);
  });
  return { kind: 'delivered' };
}

async function mayTell(bus: BusName, row: BusRow, { callingPrincipal, account, sourceArn }: Envelope, deps: TargetDeps): Promise<boolean> {
  if (callingPrincipal.startsWith('arn:')) return mayPut(bus, row, account, callingPrincipal, deps);
  if (bus.account === account) return true;
  const conditions = { 'aws:SourceAccount': account, ...(sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn }) };
  const about = { action: 'events:PutEvents', resource: busArn(bus), nowMs: deps.clock.now(), region: bus.region, conditions };
  return deps.serviceAccess({ ...about, document: row.policy, service: callingPrincipal });
}
