import type { CreateEventSourceMappingRequest, EventSourceMappingConfiguration, UpdateEventSourceMappingRequest } from '@aws-sdk/client-lambda';
import { uuid } from '../../../base/ids.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { functionArn } from '../domain/functionName.ts';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { requireTags } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { mappingsPageMax, queueBatchDefault, queuePollersMaxDefault, queuePollersMin, streamBatchDefault } from '../limits.ts';
import { ownReferenceOf, referenceOf, requireVersion } from '../lookup.ts';
import { describeMapping, mappingArn } from '../mappings/describeMapping.ts';
import type { FilterFields } from '../mappings/filterVault.ts';
import { requireFilters } from '../mappings/filters.ts';
import { mappingErrors } from '../mappings/mappingErrors.ts';
import { findMappedPair, findMapping, isStreamMapping, listMappings as listRows, setMapping } from '../mappings/mappingStore.ts';
import type { MappingRow, MappingState } from '../mappings/mappingStore.ts';
import { isQueueArn, requireQueueSource } from '../mappings/queueSource.ts';
import { findResult } from '../mappings/shardStore.ts';
import { refuseForeignSettings, streamSettingsOf } from '../mappings/streamSettings.ts';
import { requireStreamSettings, requireStreamSource, streamServiceOf } from '../mappings/streamSource.ts';
import { requireFailureDestination } from '../invocations/destinations.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';

const implemented = new Set([
  'EventSourceArn', 'FunctionName', 'Enabled', 'BatchSize', 'FilterCriteria', 'MaximumBatchingWindowInSeconds', 'FunctionResponseTypes', 'Tags',
  'KMSKeyArn', 'MetricsConfig.Metrics', 'UUID',
]);
const implementedForQueues = new Set([...implemented, 'ScalingConfig.MaximumConcurrency', 'ProvisionedPollerConfig.MinimumPollers', 'ProvisionedPollerConfig.MaximumPollers']);
const implementedForStreams = new Set([
  ...implemented, 'StartingPosition', 'StartingPositionTimestamp', 'ParallelizationFactor', 'MaximumRetryAttempts', 'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError', 'TumblingWindowInSeconds', 'DestinationConfig.OnFailure.Destination',
]);

// What only streams and brokers have; AWS refuses it for queues.
const streamSettings = [
  'ParallelizationFactor', 'StartingPosition', 'StartingPositionTimestamp', 'DestinationConfig', 'MaximumRecordAgeInSeconds', 'BisectBatchOnFunctionError',
  'MaximumRetryAttempts', 'TumblingWindowInSeconds', 'Topics', 'Queues', 'SourceAccessConfigurations', 'SelfManagedEventSource',
] as const;

const createEventSourceMapping = operation('CreateEventSourceMapping', {
  access: (input, call): AccessRequest[] => [
    { action: 'lambda:CreateEventSourceMapping', resource: '*', conditions: { 'lambda:FunctionArn': functionArnOf(input.FunctionName, call) } },
    ...(Object.keys(input.Tags ?? {}).length === 0 ? [] : [{ action: 'lambda:TagResource', resource: mappingArn(call, '*') }]),
  ],
  async handle(input, call, context) {
    const sourceArn = requireSource(input, context);
    const stream = streamServiceOf(sourceArn) === undefined ? undefined : streamSettingsOf(input);
    requireTags(input.Tags ?? {});
    const reference = ownReferenceOf({ FunctionName: input.FunctionName }, call, 'lambda:CreateEventSourceMapping');
    const enabled = input.Enabled ?? true;
    const own = { account: reference.account, region: reference.region, uuid: uuid(context.random) };
    const row: MappingRow = {
      ...own,
      sourceArn,
      ...{ batchSize: input.BatchSize ?? (stream === undefined ? queueBatchDefault : streamBatchDefault), windowSeconds: input.MaximumBatchingWindowInSeconds ?? 0 },
      functionName: reference.name,
      ...(reference.qualifier === undefined ? {} : { qualifier: reference.qualifier }),
      ...settingsOf(input),
      ...(stream === undefined ? {} : { stream }),
      ...(await context.filters.seal(own, requireFilters(input.FilterCriteria), input.KMSKeyArn || undefined, call)),
      reportsItemFailures: (input.FunctionResponseTypes ?? []).length > 0,
      tags: Object.entries(input.Tags ?? {}),
      ...{ enabled, state: 'Creating', modifiedAtMs: call.nowMs, revision: 1 },
    };
    await requireFitting(row, context);
    await context.store.transact(async (tx) => {
      await requireVersion(tx, reference);
      await requireFree(tx, row);
      setMapping(tx, row, undefined);
    });
    return { ...describeMapping(row), ...(await context.filters.show(row, call)) };
  },
});

const getEventSourceMapping = operation('GetEventSourceMapping', {
  access: (input, call) => accessToMapping('lambda:GetEventSourceMapping', input.UUID, call),
  async handle(input, call, { store, filters }) {
    const [row, described] = await store.read(async (tx) => {
      const found = await requireMapping(tx, input.UUID, call);
      return [found, await describeNow(tx, found)] as const;
    });
    return { ...described, ...(await filters.show(row, call)) };
  },
});

const updateEventSourceMapping = operation('UpdateEventSourceMapping', {
  access: (input, call) => accessToMapping('lambda:UpdateEventSourceMapping', input.UUID, call),
  async handle(input, call, context) {
    const before = await context.store.read((tx) => requireMapping(tx, input.UUID, call));
    if (isStreamMapping(before)) requireStreamMembers(input);
    else requireQueueSettings(input);
    const filters = await changedFilters(input, before, call, context);
    await requireFitting(changedBy(input, before, call, filters), context);
    const changed = await context.store.transact(async (tx) => {
      const old = await requireMapping(tx, input.UUID, call);
      if (old.state === 'Deleting') throw mappingErrors.inUse('update');
      const next = changedBy(input, old, call, filters);
      await requireFree(tx, next);
      setMapping(tx, next, old);
      return next;
    });
    return { ...describeMapping(changed), ...(await context.filters.show(changed, call)) };
  },
});

const deleteEventSourceMapping = operation('DeleteEventSourceMapping', {
  access: (input, call) => accessToMapping('lambda:DeleteEventSourceMapping', input.UUID, call),
  async handle(input, call, { store, filters }) {
    const deleted = await store.transact(async (tx) => {
      const old = await requireMapping(tx, input.UUID, call);
      if (old.state === 'Deleting') throw mappingErrors.inUse('delete');
      const next: MappingRow = { ...old, state: 'Deleting', modifiedAtMs: call.nowMs, revision: old.revision + 1 };
      setMapping(tx, next, old);
      return next;
    });
    return { ...describeMapping(deleted), ...(await filters.show(deleted, call)) };
  },
});

const listEventSourceMappings = operation('ListEventSourceMappings', {
  access: () => ({ action: 'lambda:ListEventSourceMappings', resource: '*' }),
  async handle(input, call, { store }) {
    const limit = Math.min(input.MaxItems ?? mappingsPageMax, mappingsPageMax);
    const wanted = input.FunctionName === undefined ? undefined : functionArnOf(input.FunctionName, call);
    const isListed = (row: MappingRow): boolean =>
      (wanted === undefined || functionArn(row, row.functionName, row.qualifier) === wanted) && (input.EventSourceArn === undefined || row.sourceArn === input.EventSourceArn);
    const [after] = openMarker(input.Marker, ['string']) ?? [];
    const rows = await store.read((tx) => collect(tx, call, { limit: limit + 1, afterUuid: after === undefined ? undefined : String(after), isListed }));
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      EventSourceMappings: await store.read((tx) => Promise.all(page.map((row) => describeNow(tx, row)))),
      ...(last === undefined || rows.length <= limit ? {} : { NextMarker: makeMarker([last.uuid]) }),
    };
  },
});

/** CreateEventSourceMapping, GetEventSourceMapping, UpdateEventSourceMapping, DeleteEventSourceMapping and ListEventSourceMappings. */
export const eventSourceMappingOperations = {
  CreateEventSourceMapping: createEventSourceMapping,
  GetEventSourceMapping: getEventSourceMapping,
  UpdateEventSourceMapping: updateEventSourceMapping,
  DeleteEventSourceMapping: deleteEventSourceMapping,
  ListEventSourceMappings: listEventSourceMappings,
};

const accessToMapping = (action: string, id: string | undefined, call: Call): AccessRequest => ({ action, resource: mappingArn(call, id ?? '') });

function functionArnOf(name: string | undefined, call: Call): string {
  const reference = referenceOf({ FunctionName: name }, call);
  return functionArn(reference, reference.name, reference.qualifier);
}

async function requireMapping(tx: ReadTransaction, id: string | undefined, { account, region }: Call): Promise<MappingRow> {
  const row = await findMapping(tx, { account, region, uuid: id ?? '' });
  if (row === undefined) throw mappingErrors.notFound();
  return row;
}

const describeNow = async (tx: ReadTransaction, row: MappingRow): Promise<EventSourceMappingConfiguration> => describeMapping(row, await findResult(tx, row));

function requireSource(input: CreateEventSourceMappingRequest, { streams }: LambdaContext): string {
  const sourceArn = input.EventSourceArn ?? '';
  if (sourceArn === '') {
    if (input.SelfManagedEventSource !== undefined) throw errors.notSupported('self-managed event sources');
    throw mappingErrors.noSource();
  }
  const streamService = streamServiceOf(sourceArn);
  if (streamService !== undefined && streams.has(streamService)) {
    requireStreamMembers(input);
    return sourceArn;
  }
  if (!isQueueArn(sourceArn)) {
    if (/^arn:[^:]*:(kinesis|dynamodb|kafka|mq|rds):/.test(sourceArn)) throw errors.notSupported('event source mappings of this service');
    throw mappingErrors.noSource();
  }
  requireQueueSettings(input);
  return sourceArn;
}

function requireStreamMembers(input: CreateEventSourceMappingRequest | UpdateEventSourceMappingRequest): void {
  refuseForeignSettings(input);
  refuseUnimplemented(input, implementedForStreams);
}

function requireQueueSettings(input: CreateEventSourceMappingRequest | UpdateEventSourceMappingRequest): void {
  const given: Readonly<Record<string, unknown>> = { ...input };
  for (const setting of streamSettings) {
    const value = given[setting];
    if (value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0) && !isEmptyObject(value)) throw mappingErrors.notForQueues(setting);
  }
  refuseUnimplemented(input, implementedForQueues);
}

const isEmptyObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((member) => member === undefined || isEmptyObject(member));

type ScalingMembers = Pick<CreateEventSourceMappingRequest, 'ScalingConfig' | 'MetricsConfig' | 'ProvisionedPollerConfig'>;

/** What the request says of scaling and metrics; what it leaves out is as before, and an empty member takes it away. */
function settingsOf({ ScalingConfig, MetricsConfig, ProvisionedPollerConfig }: ScalingMembers, old?: MappingRow): Pick<MappingRow, 'maximumConcurrency' | 'countsEvents' | 'provisionedPollers'> {
  const maximumConcurrency = ScalingConfig === undefined ? old?.maximumConcurrency : ScalingConfig.MaximumConcurrency;
  const countsEvents = MetricsConfig === undefined ? old?.countsEvents : (MetricsConfig.Metrics ?? []).length > 0;
  const { MinimumPollers, MaximumPollers } = ProvisionedPollerConfig ?? {};
  const isProvisioned = MinimumPollers !== undefined || MaximumPollers !== undefined;
  const asked = isProvisioned ? { minimum: MinimumPollers ?? queuePollersMin, maximum: MaximumPollers ?? Math.max(queuePollersMaxDefault, MinimumPollers ?? 0) } : undefined;
  const provisionedPollers = ProvisionedPollerConfig === undefined ? old?.provisionedPollers : asked;
  if (provisionedPollers !== undefined) {
    if (Math.min(provisionedPollers.minimum, provisionedPollers.maximum) < queuePollersMin) throw mappingErrors.tooFewPollers(queuePollersMin);
    if (provisionedPollers.minimum > provisionedPollers.maximum) throw mappingErrors.pollersReversed();
    if (maximumConcurrency !== undefined) throw mappingErrors.pollersAndConcurrency();
  }
  return {
    ...(maximumConcurrency === undefined ? {} : { maximumConcurrency }),
    ...(countsEvents === true ? { countsEvents } : {}),
    ...(provisionedPollers === undefined ? {} : { provisionedPollers }),
  };
}

/** What the filters become, when the request says something of them or of their key. */
async function changedFilters(input: UpdateEventSourceMappingRequest, old: MappingRow, call: Call, { filters }: LambdaContext): Promise<FilterFields | undefined> {
  if (input.FilterCriteria === undefined && input.KMSKeyArn === undefined) return undefined;
  const wanted = input.FilterCriteria === undefined ? await filters.open(old, call) : requireFilters(input.FilterCriteria);
  return filters.seal(old, wanted, (input.KMSKeyArn ?? old.kmsKeyArn) || undefined, call);
}

async function requireFitting(row: MappingRow, context: LambdaContext): Promise<void> {
  const version = await context.store.read((tx) => requireVersion(tx, { account: row.account, region: row.region, name: row.functionName, qualifier: row.qualifier }));
  if (!isStreamMapping(row)) return requireQueueSource(row, version.row, context);
  requireStreamSettings(row);
  await requireStreamSource(row, version.row, context);
  const { onFailure } = row.stream;
  if (onFailure !== undefined) await requireFailureDestination(onFailure, version.row.roleArn, context);
}

async function requireFree(tx: ReadTransaction, row: MappingRow): Promise<void> {
  const existing = await findMappedPair(tx, row);
  if (existing !== undefined && existing !== row.uuid) throw (row.stream === undefined ? mappingErrors.exists : mappingErrors.streamMapped)(row.sourceArn, row.qualifier === undefined ? row.functionName : `${row.functionName}:${row.qualifier}`, existing);
}

/** Only what the request names; the rest stays. */
function changedBy(input: UpdateEventSourceMappingRequest, old: MappingRow, call: Call, changed: FilterFields | undefined): MappingRow {
  const { qualifier: oldQualifier, maximumConcurrency: _1, countsEvents: _2, provisionedPollers: _3, filters, kmsKeyArn, sealedFilters, sealedFilterKey, ...rest } = old;
  const reference = input.FunctionName === undefined ? undefined : ownReferenceOf({ FunctionName: input.FunctionName }, call, 'lambda:UpdateEventSourceMapping');
  const qualifier = reference === undefined ? oldQualifier : reference.qualifier;
  const oldFilters: FilterFields = { filters, ...(kmsKeyArn && { kmsKeyArn }), ...(sealedFilters && { sealedFilters }), ...(sealedFilterKey && { sealedFilterKey }) };
  const enabled = input.Enabled ?? old.enabled;
  return {
    ...rest,
    functionName: reference?.name ?? old.functionName,
    ...(qualifier === undefined ? {} : { qualifier }),
    ...settingsOf(input, old),
    ...(old.stream === undefined ? {} : { stream: streamSettingsOf(input, old.stream) }),
    batchSize: input.BatchSize ?? old.batchSize,
    windowSeconds: input.MaximumBatchingWindowInSeconds ?? old.windowSeconds,
    ...(changed ?? oldFilters),
    reportsItemFailures: input.FunctionResponseTypes === undefined ? old.reportsItemFailures : input.FunctionResponseTypes.length > 0,
    ...{ enabled, state: stateOnChange(old.enabled, enabled), modifiedAtMs: call.nowMs, revision: old.revision + 1 },
  };
}

function stateOnChange(was: boolean, is: boolean): MappingState {
  if (was === is) return 'Updating';
  return is ? 'Enabling' : 'Disabling';
}

interface Wanted {
  readonly limit: number;
  readonly afterUuid: string | undefined;
  readonly isListed: (row: MappingRow) => boolean;
}

async function collect(tx: ReadTransaction, { account, region }: Call, { limit, afterUuid, isListed }: Wanted): Promise<MappingRow[]> {
  const found: MappingRow[] = [];
  for (let after = afterUuid; found.length < limit; ) {
    const rows = await listRows(tx, { account, region }, { limit: mappingsPageMax, afterUuid: after });
    found.push(...rows.filter(isListed));
    if (rows.length < mappingsPageMax) break;
    after = rows.at(-1)?.uuid;
  }
  return found.slice(0, limit);
}
