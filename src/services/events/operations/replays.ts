import type { ReadTransaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import { busArn, ownArn, parseBusArn, parseOwnArn, parseRuleArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { planReplay } from '../jobs/replaying.ts';
import { activeReplaysMax, pageRows } from '../limits.ts';
import { findBus, makeToken, nowOf, operation, readToken, scopeOf } from '../operation.ts';
import { archives, type ReplayRow, replays } from '../store.ts';

const accessTo = (action: string, { account, region }: Scope, name: string | undefined) => ({ action: `events:${action}`, resource: ownArn({ account, region }, 'replay', name ?? '') });
const isActive = ({ state }: ReplayRow): boolean => state === 'STARTING' || state === 'RUNNING' || state === 'CANCELLING';

const startReplay = operation('StartReplay', {
  access: (input, call) => [
    accessTo('StartReplay', call, input.ReplayName),
    { action: 'events:StartReplay', resource: input.EventSourceArn ?? '' },
    { action: 'events:StartReplay', resource: input.Destination?.Arn ?? '' },
  ],
  async handle(input, call, deps) {
    const { ReplayName: name = '', EventSourceArn: archiveArn = '', EventStartTime, EventEndTime, Destination, Description: description } = input;
    const scope = scopeOf(call);
    const bus = parseBusArn(Destination?.Arn ?? '');
    const archiveName = parseOwnArn(archiveArn, 'archive');
    if (!bus || bus.account !== scope.account || bus.region !== scope.region) throw errors.invalidParameter('Destination.Arn', 'Must contain an event bus ARN.');
    if (!archiveName || archiveName.account !== scope.account || archiveName.region !== scope.region) throw errors.invalidParameter('EventSourceArn', 'Must contain an archive ARN.');
    const [fromMs, toMs] = [EventStartTime?.getTime() ?? 0, EventEndTime?.getTime() ?? 0];
    if (fromMs >= toMs) throw errors.invalidParameter('EventEndTime', 'EventStartTime must be before EventEndTime.');
    const filterArns = Destination?.FilterArns;
    for (const arn of filterArns ?? []) {
      const rule = parseRuleArn(arn);
      if (!rule || busArn(rule) !== busArn(bus)) throw errors.invalidParameter('Destination.FilterArns', 'Must contain ARNs of rules of the event bus.');
    }
    const nowMs = nowOf(deps);
    await deps.store.transact(async (tx) => {
      if (!(await findBus(tx, bus))) throw errors.busMissing(bus.bus);
      const archive = await archives.get(tx, scope, [archiveName.name]);
      if (!archive) throw errors.invalidParameter('EventSourceArn', `Archive ${archiveName.name} does not exist.`);
      if (archive.bus !== bus.bus) throw errors.invalidParameter('Destination.Arn', 'Cross event bus replay is not permitted.');
      if (await replays.get(tx, scope, [name])) throw errors.replayExists(name);
      const all = await replays.list(tx, scope, [], { limit: pageRows });
      if (all.filter(({ row }) => isActive(row)).length >= activeReplaysMax) throw errors.limit();
      replays.set(tx, scope, [name], {
        ...{ state: 'STARTING', archive: archiveName.name, archiveId: archive.id, archiveArn, bus: bus.bus, fromMs, toMs, startedAtMs: nowMs },
        ...(filterArns === undefined ? {} : { filterArns }),
        ...(description ? { description } : {}),
      });
      await planReplay(tx, scope, name, nowMs, deps);
    });
    return { ReplayArn: ownArn(scope, 'replay', name), State: 'STARTING' as const, ReplayStartTime: new Date(nowMs) };
  },
});

const cancelReplay = operation('CancelReplay', {
  access: (input, call) => accessTo('CancelReplay', call, input.ReplayName),
  async handle({ ReplayName: name = '' }, call, deps) {
    const scope = scopeOf(call);
    await deps.store.transact(async (tx) => {
      const row = await requireReplay(tx, scope, name);
      if (row.state !== 'STARTING' && row.state !== 'RUNNING') throw errors.replayState(name);
      replays.set(tx, scope, [name], { ...row, state: 'CANCELLING' });
      await planReplay(tx, scope, name, nowOf(deps), deps);
    });
    return { ReplayArn: ownArn(scope, 'replay', name), State: 'CANCELLING' as const };
  },
});

const describeReplay = operation('DescribeReplay', {
  access: (input, call) => accessTo('DescribeReplay', call, input.ReplayName),
  async handle({ ReplayName: name = '' }, call, { store }) {
    const scope = scopeOf(call);
    const row = await store.read((tx) => requireReplay(tx, scope, name));
    return {
      ReplayArn: ownArn(scope, 'replay', name),
      ...listed(name, row),
      ...(row.description === undefined ? {} : { Description: row.description }),
      Destination: { Arn: busArn({ ...scope, bus: row.bus }), ...(row.filterArns === undefined ? {} : { FilterArns: [...row.filterArns] }) },
    };
  },
});

const listReplays = operation('ListReplays', {
  access: () => ({ action: 'events:ListReplays', resource: '*' }),
  async handle({ NamePrefix, EventSourceArn, State, NextToken, Limit = 100 }, call, { store }) {
    const scope = scopeOf(call);
    if ([NamePrefix, EventSourceArn, State].filter((value) => value !== undefined).length > 1) {
      throw errors.validation('At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or NamePrefix.');
    }
    const after = readToken(NextToken);
    const rows = await store.read((tx) => replays.list(tx, scope, [], { limit: pageRows, ...(after === undefined ? {} : { after: [after] }) }));
    const fitting = rows.filter(({ parts, row }) => String(parts[0]).startsWith(NamePrefix ?? '') && (EventSourceArn ?? row.archiveArn) === row.archiveArn && (State ?? row.state) === row.state);
    const page = fitting.slice(0, Limit);
    const last = page.at(-1);
    return { Replays: page.map(({ parts, row }) => listed(String(parts[0]), row)), ...(fitting.length > Limit && last ? { NextToken: makeToken(String(last.parts[0])) } : {}) };
  },
});

export const replayOperations = { CancelReplay: cancelReplay, DescribeReplay: describeReplay, ListReplays: listReplays, StartReplay: startReplay };

async function requireReplay(tx: ReadTransaction, scope: Scope, name: string): Promise<ReplayRow> {
  const row = await replays.get(tx, scope, [name]);
  if (!row) throw errors.replayMissing(name);
  return row;
}

function listed(name: string, row: ReplayRow) {
  return {
    ReplayName: name,
    EventSourceArn: row.archiveArn,
    State: row.state,
    ...(row.reason === undefined ? {} : { StateReason: row.reason }),
    EventStartTime: new Date(row.fromMs),
    EventEndTime: new Date(row.toMs),
    ...(row.lastReplayedMs === undefined ? {} : { EventLastReplayedTime: new Date(row.lastReplayedMs) }),
    ReplayStartTime: new Date(row.startedAtMs),
    ...(row.endedAtMs === undefined ? {} : { ReplayEndTime: new Date(row.endedAtMs) }),
  };
}
