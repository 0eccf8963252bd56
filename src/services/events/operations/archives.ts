import { uuid } from '../../../base/ids.ts';
import { decodeCounter } from '../../../kv/counter.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import { clearArchiveRule, planRemoval, planRetention, setArchiveRule } from '../archiving.ts';
import { busArn, ownArn, parseBusArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { archivesMax, pageRows } from '../limits.ts';
import { makeToken, nowOf, operation, readToken, requireBus, scopeOf } from '../operation.ts';
import { archiveCountKeys, type ArchiveRow, archives } from '../store.ts';
import { requirePattern } from './rules.ts';

const accessTo = (action: string, { account, region }: Scope, name: string | undefined) => ({ action: `events:${action}`, resource: ownArn({ account, region }, 'archive', name ?? '') });

const createArchive = operation('CreateArchive', {
  access: (input, call) => [accessTo('CreateArchive', call, input.ArchiveName), { action: 'events:CreateArchive', resource: input.EventSourceArn ?? '' }],
  async handle(input, call, deps) {
    const { ArchiveName: name = '', EventSourceArn = '', Description: description, EventPattern: pattern, RetentionDays: retentionDays = 0, KmsKeyIdentifier } = input;
    const scope = scopeOf(call);
    if (KmsKeyIdentifier) throw errors.unsupported('Encryption of an archive with a key of your own (KmsKeyIdentifier)');
    const bus = parseBusArn(EventSourceArn);
    if (!bus || bus.account !== scope.account || bus.region !== scope.region) throw errors.invalidParameter('EventSourceArn', 'Must contain an event bus ARN.');
    if (pattern) requirePattern(pattern, name);
    const nowMs = nowOf(deps);
    const row: ArchiveRow = { id: uuid(deps.random), createdAtMs: nowMs, bus: bus.bus, retentionDays, ...(description ? { description } : {}), ...(pattern ? { pattern } : {}) };
    await deps.store.transact(async (tx) => {
      await requireBus(tx, bus);
      if (await archives.get(tx, scope, [name])) throw errors.archiveExists(name);
      if ((await archives.list(tx, scope, [], { limit: archivesMax })).length >= archivesMax) throw errors.limit();
      archives.set(tx, scope, [name], row);
      await setArchiveRule(tx, scope, name, row, nowMs);
    });
    return { ArchiveArn: ownArn(scope, 'archive', name), State: 'ENABLED' as const, CreationTime: new Date(nowMs) };
  },
});

const updateArchive = operation('UpdateArchive', {
  access: (input, call) => accessTo('UpdateArchive', call, input.ArchiveName),
  async handle(input, call, deps) {
    const { ArchiveName: name = '', Description: description, EventPattern: pattern, RetentionDays, KmsKeyIdentifier } = input;
    if (KmsKeyIdentifier) throw errors.unsupported('Encryption of an archive with a key of your own (KmsKeyIdentifier)');
    if (pattern) requirePattern(pattern, name);
    const scope = scopeOf(call);
    const row = await deps.store.transact(async (tx) => {
      const old = await requireArchive(tx, scope, name);
      const changed: ArchiveRow = { ...old, retentionDays: RetentionDays ?? old.retentionDays, ...(description === undefined ? {} : { description }), ...(pattern === undefined ? {} : { pattern }) };
      archives.set(tx, scope, [name], changed);
      await setArchiveRule(tx, scope, name, changed, nowOf(deps));
      if (changed.retentionDays !== old.retentionDays) await planRetention(tx, scope, changed, nowOf(deps), deps.timers);
      return changed;
    });
    return { ArchiveArn: ownArn(scope, 'archive', name), State: 'ENABLED' as const, CreationTime: new Date(row.createdAtMs) };
  },
});

const describeArchive = operation('DescribeArchive', {
  access: (input, call) => accessTo('DescribeArchive', call, input.ArchiveName),
  async handle({ ArchiveName: name = '' }, call, { store }) {
    const scope = scopeOf(call);
    return store.read(async (tx) => {
      const row = await requireArchive(tx, scope, name);
      return {
        ArchiveArn: ownArn(scope, 'archive', name),
        ...(await listed(tx, scope, name, row)),
        ...(row.description === undefined ? {} : { Description: row.description }),
        ...(row.pattern === undefined ? {} : { EventPattern: row.pattern }),
      };
    });
  },
});

const listArchives = operation('ListArchives', {
  access: () => ({ action: 'events:ListArchives', resource: '*' }),
  async handle({ NamePrefix, EventSourceArn, State, NextToken, Limit = 100 }, call, { store }) {
    const scope = scopeOf(call);
    // API reference, ListArchives: "only one of NamePrefix, State, EventSourceArn".
    if ([NamePrefix, EventSourceArn, State].filter((value) => value !== undefined).length > 1) {
      throw errors.validation('At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix.');
    }
    const after = readToken(NextToken);
    return store.read(async (tx) => {
      const rows = await archives.list(tx, scope, [], { limit: pageRows, ...(after === undefined ? {} : { after: [after] }) });
      const fitting = rows.filter(({ parts, row }) => String(parts[0]).startsWith(NamePrefix ?? '') && (EventSourceArn === undefined || busArn({ ...scope, bus: row.bus }) === EventSourceArn) && (State ?? 'ENABLED') === 'ENABLED');
      const page = fitting.slice(0, Limit);
      const last = page.at(-1);
      return {
        Archives: await Promise.all(page.map(({ parts, row }) => listed(tx, scope, String(parts[0]), row))),
        ...(fitting.length > Limit && last ? { NextToken: makeToken(String(last.parts[0])) } : {}),
      };
    });
  },
});

const deleteArchive = operation('DeleteArchive', {
  access: (input, call) => accessTo('DeleteArchive', call, input.ArchiveName),
  async handle({ ArchiveName: name = '' }, call, deps) {
    const scope = scopeOf(call);
    await deps.store.transact(async (tx) => {
      const row = await requireArchive(tx, scope, name);
      archives.clear(tx, scope, [name]);
      await clearArchiveRule(tx, scope, name, row);
      await planRemoval(tx, scope, row.id, nowOf(deps), deps.timers);
    });
    return {};
  },
});

export const archiveOperations = {
  CreateArchive: createArchive,
  DeleteArchive: deleteArchive,
  DescribeArchive: describeArchive,
  ListArchives: listArchives,
  UpdateArchive: updateArchive,
};

export async function requireArchive(tx: ReadTransaction, scope: Scope, name: string): Promise<ArchiveRow> {
  const row = await archives.get(tx, scope, [name]);
  if (!row) throw errors.archiveMissing(name);
  return row;
}

async function listed(tx: ReadTransaction, scope: Scope, name: string, row: ArchiveRow) {
  const keys = archiveCountKeys(scope, row.id);
  const [events, bytes] = await Promise.all([tx.get(keys.events), tx.get(keys.bytes)]);
  return {
    ArchiveName: name,
    EventSourceArn: busArn({ ...scope, bus: row.bus }),
    State: 'ENABLED' as const,
    RetentionDays: row.retentionDays,
    SizeBytes: Number(decodeCounter(bytes, keys.bytes)),
    EventCount: Number(decodeCounter(events, keys.events)),
    CreationTime: new Date(row.createdAtMs),
  };
}
