import { uuid } from '../../../base/ids.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import { eventTime, type EventRecord, parseDetail } from '../domain/eventRecord.ts';
import { busArn, type BusName, busNameOf } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { detailDepthMax, entriesBytesMax, eventBytesMax } from '../limits.ts';
import { type EventsDeps, findBus, nowOf, operation, scopeOf } from '../operation.ts';
import { newBudget, publish } from '../publish.ts';

interface Entry {
  readonly Time?: Date | undefined;
  readonly Source?: string | undefined;
  readonly Resources?: readonly string[] | undefined;
  readonly DetailType?: string | undefined;
  readonly Detail?: string | undefined;
  readonly EventBusName?: string | undefined;
  readonly TraceHeader?: string | undefined;
}

type Answer = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

export const putEvents = operation('PutEvents', {
  access: (input, call, deps) => accessTo(input.Entries ?? [], call, deps),
  async handle(input, call, deps) {
    if (input.EndpointId !== undefined) throw errors.unsupported('A global endpoint (EndpointId)');
    const entries: readonly Entry[] = input.Entries ?? [];
    // User guide, "Calculating PutEvents event entry size".
    if (entries.reduce((sum, entry) => sum + entryBytes(entry), 0) > entriesBytesMax) throw errors.validation('Total size of the entries in the request is over the limit.');
    const nowMs = nowOf(deps);
    const read = entries.map((entry) => readEntry(entry, call, nowMs, deps));
    await deps.store.transact(async (tx) => {
      const budget = newBudget();
      for (const one of read) {
        // Events for a bus that is not there are taken and go nowhere (recorded from the service by LocalStack's tests).
        if ('record' in one && (await findBus(tx, one.bus))) await publish(tx, { ...one, nowMs }, budget, deps);
      }
    });
    const answers = read.map((one): Answer => ('record' in one ? { EventId: one.record.id } : one));
    return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
  },
});

export const putEventsOperations = { PutEvents: putEvents };

async function accessTo(entries: readonly Entry[], call: Call, deps: EventsDeps): Promise<AccessRequest[]> {
  const byBus = new Map<string, { readonly name: BusName; readonly entries: Entry[] }>();
  for (const entry of entries) {
    const name = busNameOf(entry.EventBusName, scopeOf(call));
    const known = byBus.get(busArn(name)) ?? { name, entries: [] };
    byBus.set(busArn(name), known);
    known.entries.push(entry);
  }
  return deps.store.read((tx) =>
    Promise.all(
      [...byBus].map(async ([resource, { name, entries: some }]): Promise<AccessRequest> => {
        const policy = (await findBus(tx, name))?.policy;
        const valuesOf = (member: 'Source' | 'DetailType'): string[] => [...new Set(some.flatMap((entry) => entry[member] ?? []))];
        const conditions = { 'events:source': valuesOf('Source'), 'events:detail-type': valuesOf('DetailType'), 'events:eventBusInvocation': 'false' };
        return { action: 'events:PutEvents', resource, conditions, ...(policy === undefined ? {} : { resourcePolicy: policy }) };
      }),
    ),
  );
}

function entryBytes({ Time, Source = '', DetailType = '', Detail = '', Resources = [] }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : 14);
}

function readEntry(entry: Entry, call: Call, nowMs: number, { random }: EventsDeps): { bus: BusName; record: EventRecord; text: string } | Extract<Answer, { ErrorCode: string }> {
  const { Source: source = '', DetailType: detailType = '', Detail: detailText = '', Resources: resources = [], Time } = entry;
  for (const [name, value] of [['Source', source], ['DetailType', detailType], ['Detail', detailText]] as const) {
    if (value === '') return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.` };
  }
  // API reference, PutEvents: names that begin with `aws.` are those of AWS services.
  if (source.startsWith('aws.')) return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  const detail = parseDetail(detailText, detailDepthMax);
  if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const bus = busNameOf(entry.EventBusName, scopeOf(call));
  const record: EventRecord = {
    version: '0',
    id: uuid(random),
    'detail-type': detailType,
    source,
    account: call.account,
    time: eventTime(Time?.getTime() ?? nowMs),
    region: bus.region,
    resources,
    detail,
  };
  const text = JSON.stringify(record);
  // Escapes can make it longer than its entry.
  if (Buffer.byteLength(text) > eventBytesMax) throw errors.validation('Total size of the entries in the request is over the limit.');
  return { bus, record, text };
}
