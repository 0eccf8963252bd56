// A replay sends the events of an archive to its bus again, a page for each step of a timer: what has been sent is committed with how far
// it has come.

import type { Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import { readArchived } from '../archiving.ts';
import type { EventRecord } from '../domain/eventRecord.ts';
import { replayPageEvents } from '../limits.ts';
import { type EventsDeps, findBus, nowOf } from '../operation.ts';
import { newBudget, publish } from '../publish.ts';
import { archives, replays } from '../store.ts';

export async function planReplay(tx: Transaction, { account, region }: Scope, name: string, nowMs: number, { timers }: EventsDeps): Promise<void> {
  await timers.set(tx, { service: 'events', id: `replay/${account}/${region}/${name}`, dueMs: nowMs });
}

export async function continueReplay(tx: Transaction, scope: Scope, name: string, deps: EventsDeps): Promise<void> {
  const row = await replays.get(tx, scope, [name]);
  if (!row) return;
  const nowMs = nowOf(deps);
  if (row.state === 'CANCELLING') return replays.set(tx, scope, [name], { ...row, state: 'CANCELLED', endedAtMs: nowMs });
  if (row.state !== 'STARTING' && row.state !== 'RUNNING') return;
  const bus = { ...scope, bus: row.bus };
  const archive = await archives.get(tx, scope, [row.archive]);
  if (archive?.id !== row.archiveId || !(await findBus(tx, bus))) {
    return replays.set(tx, scope, [name], { ...row, state: 'FAILED', reason: 'The archive or the event bus does not exist any more.', endedAtMs: nowMs });
  }
  const page = await readArchived(tx, scope, archive.id, { fromMs: row.fromMs, toMs: row.toMs, limit: replayPageEvents, after: row.after });
  const budget = newBudget();
  for (const { text } of page) {
    const record: EventRecord = { ...(JSON.parse(text.toString('utf8')) as EventRecord), 'replay-name': name };
    await publish(tx, { bus, record, text: JSON.stringify(record), nowMs, ...(row.filterArns === undefined ? {} : { only: row.filterArns }) }, budget, deps);
  }
  const last = page.at(-1);
  if (!last) return replays.set(tx, scope, [name], { ...row, state: 'COMPLETED', endedAtMs: nowMs });
  replays.set(tx, scope, [name], { ...row, state: 'RUNNING', lastReplayedMs: last.timeMs, after: [last.timeMs, last.id] });
  await planReplay(tx, scope, name, nowMs, deps);
}
