// Message move tasks: a timer moves some messages, and sets itself again while there are more.

import type { Clock } from '../../../base/clock.ts';
import { uuid } from '../../../base/ids.ts';
import type { Logger } from '../../../base/log.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Timers } from '../../../kv/timers.ts';
import { moveBatchBytesMax, moveBatchMessages, moveIntervalMs } from '../limits.ts';
import { leaveFlight } from '../messages/fifo.ts';
import type { MessageDeps } from '../messages/messageDeps.ts';
import { bytesToMove, moveMessage } from '../messages/moveMessage.ts';
import { removeStandard } from '../messages/standard.ts';
import { parseQueueArn, type Queue } from '../queues.ts';
import { countKey, everywhere, fifoMessages, type MessageRow, messages, moveTasks, type MoveTaskRow, readyGroups } from '../store.ts';

export interface MoveTaskDeps extends MessageDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
}

/** Where a task's row lies. */
export type TaskPlace = readonly [account: string, region: string, queueId: string, startedAtMs: number, taskId: string];

const timerService = 'sqs-move';

/** Registers what tasks run by; once, before the timers start. */
export function registerMoveTasks(deps: MoveTaskDeps): void {
  deps.timers.handle(timerService, async (tx, { detail }) => {
    const place = (detail as { place: TaskPlace }).place;
    await step(tx, place, deps);
  });
}

export async function scheduleMove(tx: Transaction, timers: Timers, place: TaskPlace, dueMs: number): Promise<void> {
  await timers.set(tx, { service: timerService, id: place[4], dueMs, detail: { place } });
}

/** How many at once, and how long until the next. */
export function paceOf({ perSecond }: Pick<MoveTaskRow, 'perSecond'>): { readonly count: number; readonly intervalMs: number } {
  if (perSecond === undefined) return { count: moveBatchMessages, intervalMs: moveIntervalMs };
  if (perSecond < 1_000 / moveIntervalMs) return { count: 1, intervalMs: Math.ceil(1_000 / perSecond) };
  return { count: Math.floor((perSecond * moveIntervalMs) / 1_000), intervalMs: moveIntervalMs };
}

async function step(tx: Transaction, place: TaskPlace, deps: MoveTaskDeps): Promise<void> {
  const task = await moveTasks.get(tx, everywhere, place);
  if (!task) return;
  const end = (change: Partial<MoveTaskRow>): void => moveTasks.set(tx, everywhere, place, { ...task, ...change });
  if (task.status === 'CANCELLING') return end({ status: 'CANCELLED' });
  if (task.status !== 'RUNNING') return;
  const name = parseQueueArn(task.sourceArn);
  const source = name && (await deps.queues.find(tx, name));
  if (!source) return end({ status: 'FAILED', failureReason: 'AWS.SimpleQueueService.NonExistentQueue' });
  const { count, intervalMs } = paceOf(task);
  const nowMs = Math.floor(deps.clock.now());
  const result = await moveSome(tx, source, task, { count, nowMs }, deps);
  const moved = task.moved + result.moved;
  if (result.failure !== undefined) return end({ moved, status: 'FAILED', failureReason: result.failure });
  if (result.exhausted) return end({ moved, status: 'COMPLETED' });
  moveTasks.set(tx, everywhere, place, { ...task, moved });
  await scheduleMove(tx, deps.timers, place, nowMs + intervalMs);
}

interface Candidate {
  readonly row: MessageRow & { readonly dedupId?: string };
  readonly id: Uint8Array;
  remove(): Promise<void> | void;
}

async function moveSome(
  tx: Transaction,
  source: Queue,
  task: MoveTaskRow,
  { count, nowMs }: { count: number; nowMs: number },
  deps: MoveTaskDeps,
): Promise<{ moved: number; exhausted?: boolean; failure?: string }> {
  const candidates = source.fifo ? await findFifo(tx, source, count, nowMs) : await findStandard(tx, source, count, nowMs);
  let moved = 0;
  let bytes = 0;
  for (const { row, id, remove } of candidates) {
    if (bytes > moveBatchBytesMax) break;
    const arn = task.destinationArn ?? row.deadOf;
    // "The message source could not be determined": it was sent straight to the dead-letter queue.
    if (arn === undefined) return { moved, failure: 'CouldNotDetermineMessageSource' };
    const name = parseQueueArn(arn);
    const to = name && (await deps.queues.find(tx, name));
    if (!to || to.fifo !== source.fifo) return { moved, failure: 'AWS.SimpleQueueService.NonExistentQueue' };
    await remove();
    bytes += bytesToMove(row);
    const newId = Buffer.from(uuid(deps.random).replaceAll('-', ''), 'hex');
    await moveMessage(tx, { from: source, to, id, row, nowMs, newId }, deps);
    moved += 1;
  }
  return { moved, exhausted: candidates.length < count && moved === candidates.length };
}

async function findStandard(tx: Transaction, { storeId }: Queue, count: number, nowMs: number): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const lane of [0, 1]) {
    const rows = await messages.list(tx, everywhere, [storeId, 'm', lane], { limit: count - found.length, before: [storeId, 'm', lane, nowMs + 1] });
    // A range is not checked at commit, the single reads are: a message that a receiver takes meanwhile is not moved.
    const current = await Promise.all(rows.map(({ parts }) => messages.get(tx, everywhere, parts)));
    for (const [at, { parts }] of rows.entries()) {
      const row = current[at];
      if (!row) continue;
      const id = parts[5] as Uint8Array;
      const place = { lane, visibleAtMs: Number(parts[3]), order: Number(parts[4]), id };
      found.push({ row, id, remove: () => removeStandard(tx, storeId, place, row) });
    }
  }
  return found;
}

async function findFifo(tx: Transaction, { storeId }: Queue, count: number, nowMs: number): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const ready = await readyGroups.list(tx, everywhere, [storeId, 'ready'], { limit: count, before: [storeId, 'ready', nowMs + 1] });
  for (const { parts: group } of ready) {
    const groupId = String(group[4]);
    const rows = await fifoMessages.list(tx, everywhere, [storeId, 'f', groupId], { limit: count - found.length });
    for (const { parts } of rows) {
      const row = await fifoMessages.get(tx, everywhere, parts);
      if (!row || row.visibleMs > nowMs) break;
      const remove = async (): Promise<void> => {
        fifoMessages.clear(tx, everywhere, parts);
        tx.add(countKey(storeId, 'f'), -1n);
        await leaveFlight(tx, storeId, groupId, Number(parts[3]), nowMs);
      };
      found.push({ row: { ...row, group: groupId }, id: row.id, remove });
    }
    if (found.length >= count) break;
  }
  return found;
}
