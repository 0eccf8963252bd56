import { cutIntoRows, cutMessage, toStorable } from './domain/rows.ts';
import type { RowEvent } from './domain/rows.ts';
import type { Position } from './domain/position.ts';
import { groupNotFound, streamNotFound } from './errors.ts';
import { arrivalRowsMax, metricFiltersMax, subscriptionsMax } from './limits.ts';
import { decodeCounter } from '../../kv/counter.ts';
import { encodeRecord } from '../../kv/record.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope, TableRow } from '../../kv/table.ts';

// Ids are made anew with every group and stream, and everything below them is keyed by id: what a deleted group held can
// never show up in a later group of the same name, and removal may take its time (jobs/removal.ts).
//
//   group          name                                     -> GroupRow
//   storedBytes    group id                                 -> counter
//   stream         group id, name                           -> StreamRow
//   streamName     group id, stream id                      -> { name }
//   streamByTime   group id, last event, name               -> {}
//   row            group id, stream id, first ms, sequence  -> StoredRow: a batch of events of one stream
//   rowByTime      group id, first ms, stream id, sequence  -> RowEntry: the same rows in the order of the whole group
//   messagePart    group id, stream id, first ms, sequence, index, part -> { bytes }: messages too long for a row
//   arrival        group id, stamp                          -> ArrivalRow: rows in the order of their commits, while someone tails the group
//   subscription   group name, filter name                  -> SubscriptionRow
//   metricFilter   group name, filter name                  -> MetricFilterRow
//   resourcePolicy name                                     -> ResourcePolicyRow
//   query          query id                                 -> QueryRow
//   queryByTime    made, query id                           -> {}
//   queryResult    query id, part                           -> { bytes }: the result as JSON, in parts
//   queryDefinition id                                      -> QueryDefinitionRow
//   exportTask     task id                                  -> ExportRow
//   exportByTime   made, task id                            -> {}
//   (no scope)
//   activeQuery    account, region, query id                -> {}: what has not ended
//   activeExport   account, region, task id                 -> {}
//   tail           account, region, group id                -> TailRow: who tails the group
//   retention      account, region, group id                -> { days }
//   removal        account, region, group id, stream id     -> {}: what background removal still has to do; stream id 0: all

export interface GroupRow {
  readonly id: string;
  readonly createdAtMs: number;
  readonly retentionDays?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly deletionProtected: boolean;
  /** How many filters there are: writers look no further when there are none. */
  readonly subscriptions?: number;
  readonly metricFilters?: number;
}

export interface SubscriptionRow {
  readonly pattern: string;
  readonly destinationArn: string;
  readonly distribution: 'Random' | 'ByLogStream';
  readonly createdAtMs: number;
}

export interface MetricFilterRow {
  readonly pattern: string;
  readonly transformation: MetricTransformation;
  readonly createdAtMs: number;
}

export interface MetricTransformation {
  readonly namespace: string;
  readonly name: string;
  /** A number, or a selector of the message. */
  readonly value: string;
  readonly defaultValue?: number;
  /** Selectors by the names of dimensions. */
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly unit: string;
}

export interface ResourcePolicyRow {
  readonly document: string;
  readonly updatedAtMs: number;
}

export interface StreamRow {
  /** Below 2^48, never 0. */
  readonly id: number;
  readonly createdAtMs: number;
  readonly firstEventMs?: number;
  readonly lastEventMs?: number;
  readonly lastIngestedMs?: number;
  readonly nextSequence: number;
}

/** `[milliseconds after the row's first event, message or, when it is stored in parts, their number]`. */
export type StoredEvent = readonly [number, string | number];

export interface StoredRow {
  readonly ingestedAtMs: number;
  readonly lastMs: number;
  readonly bytes: number;
  readonly events: readonly StoredEvent[];
}

export interface RowEntry {
  readonly lastMs: number;
  readonly bytes: number;
}

export interface TailRow {
  /** Started in wall time, so that one that a crash has left behind is known by its age. */
  readonly sessions: readonly { readonly id: string; readonly startedAtMs: number }[];
}

export interface ArrivalRow {
  readonly streamId: number;
  readonly streamName: string;
  /** Wall time. */
  readonly atMs: number;
  /** First millisecond and sequence of each. */
  readonly rows: readonly (readonly [number, number])[];
}

export const groups = defineTable<GroupRow>('logs', 'group');
export const storedBytes = defineTable<object>('logs', 'storedBytes');
export const streams = defineTable<StreamRow>('logs', 'stream');
export const streamNames = defineTable<{ readonly name: string }>('logs', 'streamName');
export const streamsByTime = defineTable<object>('logs', 'streamByTime');
export const rows = defineTable<StoredRow>('logs', 'row');
export const rowsByTime = defineTable<RowEntry>('logs', 'rowByTime');
export const messageParts = defineTable<{ readonly bytes: Uint8Array }>('logs', 'messagePart');
export const arrivals = defineTable<ArrivalRow>('logs', 'arrival');
export const subscriptions = defineTable<SubscriptionRow>('logs', 'subscription');
export const metricFilters = defineTable<MetricFilterRow>('logs', 'metricFilter');
export const resourcePolicies = defineTable<ResourcePolicyRow>('logs', 'resourcePolicy');
export const tails = defineTable<TailRow>('logs', 'tail');
export const retentions = defineTable<{ readonly days: number }>('logs', 'retention');
export const removals = defineTable<object>('logs', 'removal');

/** Where the lists of background work are: they span accounts and regions. */
export const everywhere: Scope = { account: '', region: '' };

/** Above every character: the end of the names that begin with a prefix. */
const lastCharacter = '\u{10ffff}';

export async function requireGroup(tx: ReadTransaction, scope: Scope, name: string): Promise<GroupRow> {
  const group = await groups.get(tx, scope, [name]);
  if (!group) throw groupNotFound();
  return group;
}

export async function requireStream(tx: ReadTransaction, scope: Scope, groupId: string, name: string): Promise<StreamRow> {
  const stream = await streams.get(tx, scope, [groupId, name]);
  if (!stream) throw streamNotFound();
  return stream;
}

export async function readStoredBytes(tx: ReadTransaction, scope: Scope, groupId: string): Promise<number> {
  const key = storedBytes.key(scope, [groupId]);
  return Number(decodeCounter(await tx.get(key), key));
}

export function setGroup(tx: Transaction, scope: Scope, name: string, group: GroupRow): void {
  groups.set(tx, scope, [name], group);
  const parts = [scope.account, scope.region, group.id];
  if (group.retentionDays === undefined) retentions.clear(tx, everywhere, parts);
  else retentions.set(tx, everywhere, parts, { days: group.retentionDays });
}

/** The group is gone at once; what it held is removed in the background. */
export function clearGroup(tx: Transaction, scope: Scope, name: string, group: GroupRow): void {
  groups.clear(tx, scope, [name]);
  subscriptions.clearAll(tx, scope, [name]);
  metricFilters.clearAll(tx, scope, [name]);
  retentions.clear(tx, everywhere, [scope.account, scope.region, group.id]);
  removals.set(tx, everywhere, [scope.account, scope.region, group.id, 0], {});
}

export function setNewStream(tx: Transaction, scope: Scope, groupId: string, name: string, stream: StreamRow): void {
  streams.set(tx, scope, [groupId, name], stream);
  streamNames.set(tx, scope, [groupId, stream.id], { name });
  streamsByTime.set(tx, scope, [groupId, 0, name], {});
}

export function clearStream(tx: Transaction, scope: Scope, groupId: string, name: string, stream: StreamRow): void {
  streams.clear(tx, scope, [groupId, name]);
  streamNames.clear(tx, scope, [groupId, stream.id]);
  streamsByTime.clear(tx, scope, [groupId, stream.lastEventMs ?? 0, name]);
  removals.set(tx, everywhere, [scope.account, scope.region, groupId, stream.id], {});
}

export interface PageOptions {
  readonly limit: number;
  readonly prefix?: string;
  /** The last name of the page before. */
  readonly after?: string;
  readonly reverse?: boolean;
}

export interface NamedStream {
  readonly name: string;
  readonly stream: StreamRow;
}

export function listGroups(tx: ReadTransaction, scope: Scope, options: PageOptions): Promise<TableRow<GroupRow>[]> {
  return groups.list(tx, scope, [], nameBounds([], options));
}

/** Those of the named groups that exist. */
export async function findGroups(tx: ReadTransaction, scope: Scope, names: readonly string[]) {
  const found = await Promise.all(names.map(async (name) => ({ name, group: await groups.get(tx, scope, [name]) })));
  return found.flatMap(({ name, group }) => (group ? [{ name, group }] : []));
}

export async function listStreams(tx: ReadTransaction, scope: Scope, groupId: string, options: PageOptions): Promise<NamedStream[]> {
  const found = await streams.list(tx, scope, [groupId], nameBounds([groupId], options));
  return found.map(({ parts, row }) => ({ name: String(parts[1]), stream: row }));
}

export interface TimePageOptions {
  readonly limit: number;
  /** The last event's time and the name of the last stream of the page before. */
  readonly after?: readonly [number, string];
  readonly reverse: boolean;
}

/** Streams in the order of their last event; those without any stand at time 0. */
export async function listStreamsByTime(
  tx: ReadTransaction,
  scope: Scope,
  groupId: string,
  { limit, after, reverse }: TimePageOptions,
): Promise<NamedStream[]> {
  const found = await streamsByTime.list(tx, scope, [groupId], { limit, reverse, ...(after ? { after: [groupId, ...after] } : {}) });
  const named = await Promise.all(
    found.map(async ({ parts }) => {
      const name = String(parts[2]);
      return { name, stream: await streams.get(tx, scope, [groupId, name]) };
    }),
  );
  return named.flatMap(({ name, stream }) => (stream ? [{ name, stream }] : []));
}

function nameBounds(parent: readonly string[], { limit, prefix, after, reverse = false }: PageOptions) {
  return {
    limit,
    reverse,
    ...(prefix ? { from: [...parent, prefix], before: [...parent, prefix + lastCharacter] } : {}),
    ...(after === undefined ? {} : { after: [...parent, after] }),
  };
}

export interface Append {
  readonly scope: Scope;
  readonly groupId: string;
  readonly streamName: string;
  readonly stream: StreamRow;
  /** In the order of their time. */
  readonly events: readonly RowEvent[];
  readonly nowMs: number;
  readonly wallMs: number;
}

export interface Appended {
  /** As it is then. */
  readonly stream: StreamRow;
  /** First millisecond and sequence of each new row. */
  readonly rows: readonly (readonly [number, number])[];
  readonly bytes: number;
}

/** Stores events at the end of a stream's arrivals, and what the stream tells of them. */
export async function appendEvents(tx: Transaction, append: Append): Promise<Appended> {
  const { scope, groupId, streamName, stream, events, nowMs } = append;
  let sequence = stream.nextSequence;
  let bytesAdded = 0;
  const appended: [number, number][] = [];
  for (const row of cutIntoRows(events)) {
    const stored = row.events.map(({ timestampMs, message }, at): StoredEvent => {
      const parts = cutMessage(message);
      parts?.forEach((bytes, part) => {
        messageParts.set(tx, scope, [groupId, stream.id, row.firstMs, sequence, at, part], { bytes });
      });
      return [timestampMs - row.firstMs, parts ? parts.length : toStorable(message)];
    });
    const { lastMs, bytes } = row;
    rows.set(tx, scope, [groupId, stream.id, row.firstMs, sequence], { ingestedAtMs: nowMs, lastMs, bytes, events: stored });
    rowsByTime.set(tx, scope, [groupId, row.firstMs, stream.id, sequence], { lastMs, bytes });
    appended.push([row.firstMs, sequence]);
    sequence += 1;
    bytesAdded += bytes;
  }
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last) return { stream, rows: [], bytes: 0 };
  const updated: StreamRow = {
    ...stream,
    firstEventMs: Math.min(stream.firstEventMs ?? Infinity, first.timestampMs),
    lastEventMs: Math.max(stream.lastEventMs ?? 0, last.timestampMs),
    lastIngestedMs: nowMs,
    nextSequence: sequence,
  };
  streams.set(tx, scope, [groupId, streamName], updated);
  if (updated.lastEventMs !== stream.lastEventMs) {
    streamsByTime.clear(tx, scope, [groupId, stream.lastEventMs ?? 0, streamName]);
    streamsByTime.set(tx, scope, [groupId, updated.lastEventMs ?? 0, streamName], {});
  }
  tx.add(storedBytes.key(scope, [groupId]), BigInt(bytesAdded));
  await noteArrival(tx, append, appended);
  return { stream: updated, rows: appended, bytes: bytesAdded };
}

// Whether someone tails the group is checked at commit: what a tail has not missed by then is in the list.
async function noteArrival(tx: Transaction, { scope, groupId, streamName, stream, wallMs }: Append, appended: [number, number][]): Promise<void> {
  const tail = await tails.get(tx, everywhere, [scope.account, scope.region, groupId]);
  if (!tail || tail.sessions.length === 0) return;
  for (let at = 0; at < appended.length; at += arrivalRowsMax) {
    const rowsOfOne = appended.slice(at, at + arrivalRowsMax);
    const arrival: ArrivalRow = { streamId: stream.id, streamName, atMs: wallMs, rows: rowsOfOne };
    tx.stamped(arrivals.key(scope, [groupId]), encodeRecord(arrival));
  }
}

/** The whole of a message that was stored in parts. */
export async function readMessage(
  tx: ReadTransaction,
  scope: Scope,
  place: readonly [groupId: string, streamId: number, firstMs: number, sequence: number, at: number],
  partCount: number,
): Promise<string> {
  const parts = await messageParts.list(tx, scope, place, { limit: partCount });
  return Buffer.concat(parts.map(({ row }) => row.bytes)).toString('utf8');
}

export interface NewEvent {
  readonly position: Position;
  readonly message: string;
}

interface AppendedRows {
  readonly groupId: string;
  readonly streamId: number;
  readonly rows: readonly (readonly [number, number])[];
}

/** The events of rows that have been appended; what was removed meanwhile is left out. */
export async function readAppended(tx: ReadTransaction, scope: Scope, { groupId, streamId, rows: places }: AppendedRows): Promise<NewEvent[]> {
  const events: NewEvent[] = [];
  for (const [firstMs, sequence] of places) {
    const row = await rows.get(tx, scope, [groupId, streamId, firstMs, sequence]);
    for (const [at, [offsetMs, content]] of (row?.events ?? []).entries()) {
      const message = typeof content === 'string' ? content : await readMessage(tx, scope, [groupId, streamId, firstMs, sequence, at], content);
      events.push({ position: { timestampMs: firstMs + offsetMs, streamId, sequence, index: at + 1 }, message });
    }
  }
  return events;
}

export interface NamedFilter<Row> {
  readonly groupName: string;
  readonly name: string;
  readonly row: Row;
}

export async function listSubscriptions(tx: ReadTransaction, scope: Scope, groupName: string): Promise<NamedFilter<SubscriptionRow>[]> {
  return (await subscriptions.list(tx, scope, [groupName], { limit: subscriptionsMax })).map(namedFilter);
}

export async function listMetricFilters(tx: ReadTransaction, scope: Scope, groupName: string): Promise<NamedFilter<MetricFilterRow>[]> {
  return (await metricFilters.list(tx, scope, [groupName], { limit: metricFiltersMax })).map(namedFilter);
}

export const namedFilter = <Row>({ parts, row }: TableRow<Row>): NamedFilter<Row> => ({ groupName: String(parts[0]), name: String(parts[1]), row });
