// Who follows what arrives in a group: subscription filters and metric filters. An append that somebody follows tells it in its own commit,
// by an envelope to the service itself that names the new rows. Patterns of users are matched when that is delivered, not in the append.

import type { Clock } from '../../base/clock.ts';
import { BoundedMap } from '../../base/boundedMap.ts';
import { formatArn } from '../../base/arn.ts';
import type { Logger } from '../../base/log.ts';
import type { Store, Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';
import type { MetricRecorder, MetricSeries } from '../../ports/metrics.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Emitter, Envelope } from '../../ports/outbox.ts';
import { parseFilterPattern } from './domain/filter-pattern/parseFilterPattern.ts';
import { formatPosition } from './domain/position.ts';
import { packMessages } from './domain/subscriptionMessage.ts';
import type { ForwardedEvent, SubscriptionMessage } from './domain/subscriptionMessage.ts';
import { deliveryAgeMsMax, figuredGroupsMax, functionEventBytesMax } from './limits.ts';
import { createMetricDefaults } from './metricDefaults.ts';
import { filterMetrics } from './metricFiltering.ts';
import { principalFor, subscriptionSource } from './subscriptionAccess.ts';
import { appendEvents, listMetricFilters, listSubscriptions, readAppended } from './store.ts';
import type { Append, GroupRow, NewEvent, StreamRow, SubscriptionRow } from './store.ts';

export interface FollowingDeps {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly emitter: Emitter;
  readonly functions: FunctionAccess;
  readonly recorder: MetricRecorder;
}

export interface Arrived {
  readonly scope: Scope;
  readonly groupName: string;
  readonly group: GroupRow;
  readonly streamName: string;
  readonly streamId: number;
  readonly rows: readonly (readonly [number, number])[];
  readonly events: number;
  readonly bytes: number;
}

export interface Following {
  /** Tells those who follow a group of what `tx` adds to it. */
  tell(tx: Transaction, arrived: Arrived): void;
  /** Where that is delivered; undefined for other ARNs. */
  eventTarget(arn: string): DeliveryTarget | undefined;
  /** Records what waits for the end of its minute. */
  close(): void;
}

export interface GroupAppend extends Omit<Append, 'groupId'> {
  readonly groupName: string;
  readonly group: GroupRow;
}

/** Stores events, and tells those who follow the group. Returns the stream as it is then. */
export async function takeEvents(tx: Transaction, following: Following, append: GroupAppend): Promise<StreamRow> {
  const { scope, groupName, group, streamName, events } = append;
  const { stream, rows, bytes } = await appendEvents(tx, { ...append, groupId: group.id });
  if (rows.length > 0) following.tell(tx, { scope, groupName, group, streamName, streamId: stream.id, rows, events: events.length, bytes });
  return stream;
}

/** What the envelope to ourselves says. */
interface Errand {
  readonly groupName: string;
  readonly groupId: string;
  readonly streamName: string;
  readonly streamId: number;
  readonly rows: readonly (readonly [number, number])[];
}

const ownPrincipal = 'logs.amazonaws.com';
const targetPattern = /^arn:aws:logs:[^:]*:\d{12}:following:[0-9a-f]+$/;

export function createFollowing(deps: FollowingDeps): Following {
  const { store, emitter, recorder } = deps;
  const figures = createFigures(recorder);
  const defaults = createMetricDefaults(deps);

  async function deliver(envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
    const { account, region } = envelope;
    const scope = { account, region };
    const errand = JSON.parse(Buffer.from(envelope.payload).toString('utf8')) as Errand;
    const { subscriptions, metricFilters, events } = await store.read(async (tx) => ({
      subscriptions: await listSubscriptions(tx, scope, errand.groupName),
      metricFilters: await listMetricFilters(tx, scope, errand.groupName),
      events: await readAppended(tx, scope, errand),
    }));
    const prepared = await Promise.all(subscriptions.map(({ name, row }) => prepare(scope, errand, name, row, events)));
    const measured = await filterMetrics(scope, metricFilters, events);
    await store.transact(async (tx) => {
      // Whoever has told of it already has also counted it.
      if (!(await delivery.acknowledge(tx))) return;
      for (const { row, principal, messages } of prepared) for (const { payload } of messages) emit(tx, { scope, groupName: errand.groupName, row, principal, payload });
      tx.afterCommit(() => {
        for (const datum of measured.data) recorder.record(datum);
        defaults.note(measured.minutes);
        for (const { name, messages, principal } of prepared) noteForwarded(scope, errand.groupName, name, messages, principal !== undefined);
      });
    });
    return { kind: 'delivered' };
  }

  async function prepare(scope: Scope, { groupName, streamName }: Errand, name: string, row: SubscriptionRow, events: readonly NewEvent[]) {
    const matched = await match(row.pattern, events);
    const packed = await packMessages({ owner: scope.account, logGroup: groupName, logStream: streamName, filterName: name }, matched);
    const messages = packed.filter(({ payload }) => payload.length <= functionEventBytesMax);
    if (messages.length < packed.length) deps.log.warn('log events are too long for a function', { logGroup: groupName, filter: name, messages: packed.length - messages.length });
    // Asked each time: the function's policy may have changed. Where nobody is let in, the function refuses, and that is kept.
    const principal = messages.length === 0 ? undefined : await principalFor(deps.functions, scope, groupName, row.destinationArn);
    return { name, row, messages, principal };
  }

  function emit(tx: Transaction, { scope, groupName, row, principal, payload }: { scope: Scope; groupName: string; row: SubscriptionRow; principal: string | undefined; payload: Uint8Array }): void {
    emitter.emit(tx, {
      ...scope,
      source: 'logs',
      sourceArn: subscriptionSource(scope, groupName),
      target: row.destinationArn,
      callingPrincipal: principal ?? ownPrincipal,
      payload,
      maximumAgeMs: deliveryAgeMsMax,
    });
  }

  function noteForwarded({ account, region }: Scope, groupName: string, filterName: string, messages: readonly SubscriptionMessage[], isAllowed: boolean): void {
    const common = { account, region, namespace: 'AWS/Logs', at: deps.clock.now(), dimensions: { LogGroupName: groupName, DestinationType: 'Lambda', FilterName: filterName } };
    for (const { events, bytes } of messages) {
      if (!isAllowed) {
        recorder.record({ ...common, name: 'DeliveryErrors', unit: 'Count', value: 1 });
        continue;
      }
      recorder.record({ ...common, name: 'ForwardedLogEvents', unit: 'Count', value: events });
      recorder.record({ ...common, name: 'ForwardedBytes', unit: 'Bytes', value: bytes });
    }
  }

  const target: DeliveryTarget = { deliver };
  return {
    tell(tx, { scope, groupName, group, streamName, streamId, rows, events, bytes }) {
      tx.afterCommit(() => figures.note(scope, groupName, { events, bytes, at: deps.clock.now() }));
      if (!group.subscriptions && !group.metricFilters) return;
      const errand: Errand = { groupName, groupId: group.id, streamName, streamId, rows };
      const arn = formatArn({ service: 'logs', region: scope.region, account: scope.account, resource: `following:${group.id}` });
      // The events of a stream are forwarded in their order.
      emitter.emit(tx, { ...scope, source: 'logs', target: arn, callingPrincipal: ownPrincipal, payload: Buffer.from(JSON.stringify(errand)), orderingKey: String(streamId), maximumAgeMs: deliveryAgeMsMax });
    },
    eventTarget: (arn) => (targetPattern.test(arn) ? target : undefined),
    close: () => defaults.close(),
  };
}

/** The events that a pattern matches, as they are forwarded. */
async function match(text: string, events: readonly NewEvent[]): Promise<ForwardedEvent[]> {
  const pattern = parseFilterPattern(text);
  const hasFields = text.trim().startsWith('[');
  const matched: ForwardedEvent[] = [];
  for (const { position, message } of events) {
    if (!(await pattern.matches(message))) continue;
    const event = { id: formatPosition(position), timestamp: position.timestampMs, message };
    matched.push(hasFields ? { ...event, extractedFields: namesOf(pattern.extract(message)) } : event);
  }
  return matched;
}

const namesOf = (extracted: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(extracted).map(([name, value]) => [name.slice(1), value]));

/** Metrics that the service has of every group: `AWS/Logs`, by group and of the account. */
function createFigures(recorder: MetricRecorder) {
  const known = new BoundedMap<string, readonly [MetricSeries, MetricSeries, MetricSeries, MetricSeries]>(figuredGroupsMax);
  return {
    note({ account, region }: Scope, groupName: string, { events, bytes, at }: { readonly events: number; readonly bytes: number; readonly at: number }): void {
      const key = `${account} ${region} ${groupName}`;
      let series = known.get(key);
      if (!series) {
        const make = (name: string, unit: string, dimensions: Record<string, string>): MetricSeries => recorder.series({ account, region, namespace: 'AWS/Logs', name, unit, dimensions });
        const ofGroup = { LogGroupName: groupName };
        series = [make('IncomingLogEvents', 'None', ofGroup), make('IncomingLogEvents', 'None', {}), make('IncomingBytes', 'Bytes', ofGroup), make('IncomingBytes', 'Bytes', {})];
        known.set(key, series);
      }
      const [groupEvents, allEvents, groupBytes, allBytes] = series;
      groupEvents.record(events, at);
      allEvents.record(events, at);
      groupBytes.record(bytes, at);
      allBytes.record(bytes, at);
    },
  };
}
