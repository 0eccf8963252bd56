import type { Call } from '../../../framework/context.ts';
import { parseArn } from '../../../base/arn.ts';
import { busArn, busNameOf, defaultBus } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { busesMax, pageRows } from '../limits.ts';
import { busAccess, findBus, makeToken, nowOf, operation, readTags, readToken, requireBus, scopeOf } from '../operation.ts';
import { buses, type BusRow, moveEpoch, rules } from '../store.ts';

interface BusSettings {
  readonly Description?: string | undefined;
  readonly KmsKeyIdentifier?: string | undefined;
  readonly DeadLetterConfig?: { readonly Arn?: string | undefined } | undefined;
  readonly LogConfig?: { readonly IncludeDetail?: string | undefined; readonly Level?: string | undefined } | undefined;
}

const createEventBus = operation('CreateEventBus', {
  access: ({ Name = '' }, call) => ({ action: 'events:CreateEventBus', resource: busArn({ ...scopeOf(call), bus: Name }) }),
  async handle(input, call, deps) {
    const { Name: bus = '' } = input;
    if (input.EventSourceName !== undefined) throw errors.unsupported('A partner event bus (EventSourceName)');
    if (bus.includes('/')) throw errors.validation("Event bus name must not contain '/'.");
    if (bus.startsWith('aws.')) throw errors.invalidParameter('Name', "EventBus name starting with 'aws.' is not valid.");
    const name = { ...scopeOf(call), bus };
    requireSettings(input, call);
    const tags = readTags(input.Tags);
    const nowMs = nowOf(deps);
    await deps.store.transact(async (tx) => {
      if (await findBus(tx, name)) throw errors.busExists(bus);
      if ((await buses.list(tx, name, [], { limit: busesMax + 1 })).length >= busesMax) throw errors.limit();
      buses.set(tx, name, [bus], { createdAtMs: nowMs, modifiedAtMs: nowMs, tags, ...settingsOf(input) });
    });
    const { Description, DeadLetterConfig, LogConfig } = input;
    return { EventBusArn: busArn(name), ...(Description === undefined ? {} : { Description }), ...(DeadLetterConfig && { DeadLetterConfig }), ...(LogConfig && { LogConfig }) };
  },
});

const updateEventBus = operation('UpdateEventBus', {
  access: (input, call, deps) => busAccess('UpdateEventBus', input.Name, call, deps),
  async handle(input, call, deps) {
    const name = busNameOf(input.Name, scopeOf(call));
    requireSettings(input, call);
    await deps.store.transact(async (tx) => {
      const old = await requireBus(tx, name);
      buses.set(tx, name, [name.bus], { ...old, createdAtMs: old.createdAtMs || nowOf(deps), modifiedAtMs: nowOf(deps), ...settingsOf(input) });
    });
    const { Description, DeadLetterConfig, LogConfig } = input;
    return { Arn: busArn(name), Name: name.bus, ...(Description === undefined ? {} : { Description }), ...(DeadLetterConfig && { DeadLetterConfig }), ...(LogConfig && { LogConfig }) };
  },
});

const describeEventBus = operation('DescribeEventBus', {
  access: (input, call, deps) => busAccess('DescribeEventBus', input.Name, call, deps),
  async handle(input, call, { store }) {
    const name = busNameOf(input.Name, scopeOf(call));
    const row = await store.read((tx) => requireBus(tx, name));
    return { ...listed(name, row), ...(row.deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: row.deadLetterArn } }) };
  },
});

const listEventBuses = operation('ListEventBuses', {
  access: () => ({ action: 'events:ListEventBuses', resource: '*' }),
  async handle({ NamePrefix = '', NextToken, Limit = 100 }, call, { store }) {
    const scope = scopeOf(call);
    const after = readToken(NextToken);
    const rows = await store.read(async (tx) => {
      const found = (await buses.list(tx, scope, [], { limit: pageRows })).map(({ parts, row }): [string, BusRow] => [String(parts[0]), row]);
      if (found.some(([bus]) => bus === defaultBus)) return found;
      return [...found, [defaultBus, { createdAtMs: 0, modifiedAtMs: 0, tags: {} }] as [string, BusRow]].sort(([a], [b]) => (a < b ? -1 : 1));
    });
    const fitting = rows.filter(([bus]) => bus.startsWith(NamePrefix) && (after === undefined || bus > after));
    const page = fitting.slice(0, Limit);
    const last = page.at(-1)?.[0];
    return { EventBuses: page.map(([bus, row]) => listed({ ...scope, bus }, row)), ...(fitting.length > page.length && last !== undefined ? { NextToken: makeToken(last) } : {}) };
  },
});

const deleteEventBus = operation('DeleteEventBus', {
  access: (input, call, deps) => busAccess('DeleteEventBus', input.Name, call, deps),
  async handle({ Name = '' }, call, { store }) {
    const name = { ...scopeOf(call), bus: Name };
    if (Name === defaultBus) throw errors.validation('Cannot delete event bus default.');
    await store.transact(async (tx) => {
      // One that is not there is no error (API reference, DeleteEventBus lists none).
      if (!(await buses.get(tx, name, [Name]))) return;
      if ((await rules.list(tx, name, [Name], { limit: 1 })).length > 0) throw errors.validation(`Event bus ${Name} cannot be deleted since it has rules.`);
      buses.clear(tx, name, [Name]);
      await moveEpoch(tx, name);
    });
    return {};
  },
});

export const busOperations = {
  CreateEventBus: createEventBus,
  DeleteEventBus: deleteEventBus,
  DescribeEventBus: describeEventBus,
  ListEventBuses: listEventBuses,
  UpdateEventBus: updateEventBus,
};

function requireSettings(input: BusSettings, call: Call): void {
  if (input.KmsKeyIdentifier !== undefined && input.KmsKeyIdentifier !== '') throw errors.unsupported('Encryption of an event bus with a key of your own (KmsKeyIdentifier)');
  const { Level = 'OFF' } = input.LogConfig ?? {};
  if (Level !== 'OFF') throw errors.unsupported('Logging of an event bus (LogConfig)');
  if (input.DeadLetterConfig?.Arn !== undefined) requireDeadLetterArn(input.DeadLetterConfig.Arn, call.region);
}

/** Throws unless an ARN can be a dead-letter queue in this region; whether there is such a queue is not asked by the service either. */
export function requireDeadLetterArn(arn: string, region: string): void {
  const parsed = parseArn(arn);
  if (!parsed) throw errors.invalidParameter(arn, 'Provided Arn is not in correct format.');
  if (parsed.service !== 'sqs') throw errors.validation(`${parsed.service} is not supported as a dead letter resource`);
  if (parsed.resource.endsWith('.fifo')) throw errors.validation('SQS FIFO is not supported by Dead Letter Queues');
  if (parsed.region !== region) throw errors.validation(`The dead letter queue ${arn} must be in the Region ${region}.`);
}

function settingsOf({ Description, DeadLetterConfig }: BusSettings): Pick<BusRow, 'description' | 'deadLetterArn'> {
  return { ...(Description === undefined ? {} : { description: Description }), ...(DeadLetterConfig?.Arn === undefined ? {} : { deadLetterArn: DeadLetterConfig.Arn }) };
}

function listed(name: Parameters<typeof busArn>[0], { createdAtMs, modifiedAtMs, policy, description }: BusRow) {
  return {
    Name: name.bus,
    Arn: busArn(name),
    ...(description === undefined ? {} : { Description: description }),
    ...(policy === undefined ? {} : { Policy: policy }),
    ...(createdAtMs === 0 ? {} : { CreationTime: new Date(createdAtMs), LastModifiedTime: new Date(modifiedAtMs) }),
  };
}
