// Archives: a managed rule of the bus sends every event that fits the archive's pattern here. Events lie in rows of at most 64 KB in the
// order of their own times, which is the order in which a replay sends them. What a replay sends is not archived again: the managed
// rule's pattern leaves out events with a replay's name (user guide, "Archiving events").

import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Delivery, DeliveryResult } from '../../ports/outbox.ts';
import type { Errand } from './delivery/createTarget.ts';
import type { BusName } from './domain/names.ts';
import { ownArn } from './domain/names.ts';
import type { EventRecord } from './domain/eventRecord.ts';
import { archivePartBytes, replayPageBytesMax, sweepEvents } from './limits.ts';
import { type EventsDeps, nowOf } from './operation.ts';
import type { KnownRule } from './rulesets.ts';
import { archiveCountKeys, archived, type ArchiveRow, archives, clearTarget, moveEpoch, rules, setTarget, targets } from './store.ts';

const dayMs = 86_400_000;
const archiveManager = 'prod.vhs.events.aws.internal';
const prefix = 'Events-Archive-';

export const isArchiveTarget = ({ row }: KnownRule): boolean => row.managedBy === archiveManager;
export const archiveRuleName = (archive: string): string => `${prefix}${archive}`;

/** Makes or changes the managed rule of an archive. */
export async function setArchiveRule(tx: Transaction, scope: Scope, name: string, row: ArchiveRow, nowMs: number): Promise<void> {
  const bus: BusName = { ...scope, bus: row.bus };
  const rule = archiveRuleName(name);
  const old = await rules.get(tx, bus, [bus.bus, rule]);
  const pattern = JSON.stringify({ ...((row.pattern === undefined ? {} : JSON.parse(row.pattern)) as object), 'replay-name': [{ exists: false }] });
  rules.set(tx, bus, [bus.bus, rule], { createdAtMs: old?.createdAtMs ?? nowMs, createdBy: scope.account, pattern, state: 'ENABLED', managedBy: archiveManager, tags: {}, targets: 1 });
  const template = `{"archive-arn": "${ownArn(scope, 'archive', name)}:${row.id}", "event": <aws.events.event.json>, "ingestion-time": <aws.events.event.ingestion-time>}`;
  const target = { Arn: `arn:aws:events:${scope.region}:::`, InputTransformer: { InputPathsMap: {}, InputTemplate: template } };
  setTarget(tx, bus, rule, rule, target, await targets.get(tx, bus, [bus.bus, rule, rule]));
  await moveEpoch(tx, bus, old ? 0 : 1);
}

export async function clearArchiveRule(tx: Transaction, scope: Scope, name: string, { bus: busName }: ArchiveRow): Promise<void> {
  const bus: BusName = { ...scope, bus: busName };
  const rule = archiveRuleName(name);
  const target = await targets.get(tx, bus, [bus.bus, rule, rule]);
  if (target) clearTarget(tx, bus, rule, rule, target);
  rules.clear(tx, bus, [bus.bus, rule]);
  await moveEpoch(tx, bus, -1);
}

/** Takes one event into its archive. */
export async function storeArchived({ place, eventText }: Errand, delivery: Delivery, deps: EventsDeps): Promise<DeliveryResult> {
  const name = place.rule.slice(prefix.length);
  const { id, time } = JSON.parse(eventText) as EventRecord;
  const bytes = Buffer.from(eventText);
  const timeMs = Date.parse(time);
  await deps.store.transact(async (tx) => {
    if (!(await delivery.acknowledge(tx))) return;
    const archive = await archives.get(tx, place, [name]);
    if (!archive) return;
    const parts = Math.ceil(bytes.length / archivePartBytes);
    for (let part = 0; part < parts; part += 1) {
      archived.set(tx, place, [archive.id, timeMs, id, part], { parts, text: bytes.subarray(part * archivePartBytes, (part + 1) * archivePartBytes) });
    }
    const counts = archiveCountKeys(place, archive.id);
    tx.add(counts.events, 1n);
    tx.add(counts.bytes, BigInt(bytes.length));
    if (archive.retentionDays > 0) await planSweep(tx, place, archive, timeMs + archive.retentionDays * dayMs, deps.timers);
  });
  return { kind: 'delivered' };
}

// The earliest event decides; one that is earlier than all others moves the timer.
async function planSweep(tx: Transaction, { account, region }: Scope, { id }: ArchiveRow, dueMs: number, timers: Timers): Promise<void> {
  const timer = { service: 'events', id: `sweep/${account}/${region}/${id}` };
  const planned = await timers.find(tx, timer);
  if (planned === undefined || planned.dueMs > dueMs) await timers.set(tx, { ...timer, dueMs });
}

/** Plans the next look at an archive whose retention has changed. */
export async function planRetention(tx: Transaction, scope: Scope, archive: ArchiveRow, nowMs: number, timers: Timers): Promise<void> {
  const timer = { service: 'events', id: `sweep/${scope.account}/${scope.region}/${archive.id}` };
  if (archive.retentionDays === 0) await timers.clear(tx, timer);
  else await timers.set(tx, { ...timer, dueMs: nowMs });
}

/** Everything of an archive that was deleted goes, step by step. */
export async function planRemoval(tx: Transaction, { account, region }: Scope, archiveId: string, nowMs: number, timers: Timers): Promise<void> {
  await timers.set(tx, { service: 'events', id: `sweep/${account}/${region}/${archiveId}`, dueMs: nowMs });
}

/** A timer's step: removes what is older than the archive keeps it, or everything of an archive that is gone. */
export async function sweepArchive(tx: Transaction, scope: Scope, archiveId: string, deps: EventsDeps): Promise<void> {
  const archive = await findById(tx, scope, archiveId);
  const nowMs = nowOf(deps);
  if (archive?.retentionDays === 0) return;
  const limitMs = archive ? nowMs - archive.retentionDays * dayMs : Infinity;
  const page = await readArchived(tx, scope, archiveId, { fromMs: -Infinity, toMs: Infinity, limit: sweepEvents, after: undefined });
  const expired = page.filter(({ timeMs }) => timeMs <= limitMs);
  const counts = archiveCountKeys(scope, archiveId);
  for (const { timeMs, id, text } of expired) {
    archived.clearAll(tx, scope, [archiveId, timeMs, id]);
    tx.add(counts.events, -1n);
    tx.add(counts.bytes, BigInt(-text.length));
  }
  const next = page[expired.length];
  const dueMs = next && archive ? next.timeMs + archive.retentionDays * dayMs : expired.length > 0 ? nowMs : undefined;
  if (dueMs !== undefined) await deps.timers.set(tx, { service: 'events', id: `sweep/${scope.account}/${scope.region}/${archiveId}`, dueMs });
}

async function findById(tx: ReadTransaction, scope: Scope, archiveId: string): Promise<ArchiveRow | undefined> {
  const all = await archives.list(tx, scope, [], { limit: 1_000 });
  return all.find(({ row }) => row.id === archiveId)?.row;
}

export interface ArchivedEvent {
  readonly timeMs: number;
  readonly id: string;
  /** JSON. */
  readonly text: Buffer;
}

/** Events in the order of their times, from `fromMs` to before `toMs`, until so many or two megabytes are read. */
export async function readArchived(
  tx: ReadTransaction,
  scope: Scope,
  archiveId: string,
  { fromMs, toMs, limit, after }: { fromMs: number; toMs: number; limit: number; after: readonly [number, string] | undefined },
): Promise<ArchivedEvent[]> {
  const found: ArchivedEvent[] = [];
  let bytes = 0;
  let last: readonly [number, string] | undefined = after;
  while (found.length < limit && bytes < replayPageBytesMax) {
    const bounds = { limit: 32, ...(last ? { after: [archiveId, last[0], last[1], Number.MAX_SAFE_INTEGER] } : Number.isFinite(fromMs) ? { from: [archiveId, fromMs] } : {}), ...(Number.isFinite(toMs) ? { before: [archiveId, toMs] } : {}) };
    const rows = await archived.list(tx, scope, [archiveId], bounds);
    if (rows.length === 0) break;
    let position = 0;
    while (position < rows.length && found.length < limit && bytes < replayPageBytesMax) {
      const first = rows[position];
      if (!first) break;
      const [, timeMs, id] = first.parts;
      const { parts } = first.row;
      const pieces = rows.slice(position, position + parts);
      // Cut off by the page: read again from here.
      if (pieces.length < parts && position > 0) break;
      const all = pieces.length === parts ? pieces : await archived.list(tx, scope, [archiveId, Number(timeMs), String(id)], { limit: parts });
      const text = Buffer.concat(all.map(({ row }) => row.text));
      found.push({ timeMs: Number(timeMs), id: String(id), text });
      bytes += text.length;
      last = [Number(timeMs), String(id)];
      position += pieces.length;
    }
  }
  return found;
}
