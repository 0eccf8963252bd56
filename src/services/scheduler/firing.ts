// Schedules by the clock: one timer for each, so that those which wait cost nothing. What is due is committed to the outbox together with
// the timer's next time, and the outbox does the rest.

import { uuid } from '../../base/ids.ts';
import type { Transaction } from '../../kv/store.ts';
import type { FiredTimer } from '../../kv/timers.ts';
import { nextOccurrence } from './domain/occurrences.ts';
import { deliveryArn, scheduleArn, type ScheduleName } from './domain/names.ts';
import { catchUpMsMax, eventAgeSecondsDefault, removalSchedules, retryAttemptsDefault } from './limits.ts';
import { nowOf, type SchedulerDeps } from './operation.ts';
import { groups, inputs, type ScheduleRow, schedules } from './store.ts';

/** What an occurrence carries besides the input. */
export interface Occurrence {
  readonly executionId: string;
  readonly scheduledMs: number;
  readonly target: ScheduleRow['target'];
}

interface TimerDetail {
  readonly scheduledMs: number;
}

const timerOf = ({ account, region, group, name }: ScheduleName) => ({ service: 'scheduler', id: `schedule/${account}/${region}/${group}/${name}` });
const groupTimer = ({ account, region }: { account: string; region: string }, group: string) => ({ service: 'scheduler', id: `group/${account}/${region}/${group}` });

/** Sets, moves or takes away the timer of a schedule. Answers whether it will be due (again). */
export async function planSchedule(tx: Transaction, name: ScheduleName, row: ScheduleRow, afterMs: number, { timers, random }: SchedulerDeps): Promise<boolean> {
  const scheduledMs = nextOccurrence(row, afterMs);
  if (scheduledMs === undefined || row.state === 'DISABLED') {
    await timers.clear(tx, timerOf(name));
    return scheduledMs !== undefined;
  }
  // "Invokes your schedule within the time window": somewhere in it.
  const withinMs = Math.floor(random.fraction() * (row.windowMinutes ?? 0) * 60_000);
  await timers.set(tx, { ...timerOf(name), dueMs: scheduledMs + withinMs, detail: { scheduledMs } satisfies TimerDetail });
  return true;
}

export async function planGroupRemoval(tx: Transaction, scope: { account: string; region: string }, group: string, { timers, clock }: SchedulerDeps): Promise<void> {
  await timers.set(tx, { ...groupTimer(scope, group), dueMs: clock.now() });
}

/** Takes away everything of a schedule. */
export async function clearSchedule(tx: Transaction, name: ScheduleName, row: ScheduleRow, { timers }: Pick<SchedulerDeps, 'timers'>): Promise<void> {
  schedules.clear(tx, name, [name.group, name.name]);
  inputs.clearAll(tx, name, [row.id]);
  await timers.clear(tx, timerOf(name));
}

/** A timer's step. */
export async function fire(tx: Transaction, timer: FiredTimer, deps: SchedulerDeps): Promise<void> {
  const [kind, account = '', region = '', group = '', name = ''] = timer.id.split('/');
  if (kind === 'group') return removeGroup(tx, { account, region }, group, deps);
  await fireSchedule(tx, { account, region, group, name }, timer, deps);
}

async function fireSchedule(tx: Transaction, name: ScheduleName, { detail, dueMs }: FiredTimer, deps: SchedulerDeps): Promise<void> {
  const row = await schedules.get(tx, name, [name.group, name.name]);
  if (!row || row.state === 'DISABLED') return;
  const scheduledMs = (detail as TimerDetail | undefined)?.scheduledMs ?? dueMs;
  const nowMs = nowOf(deps);
  if (scheduledMs > nowMs - catchUpMsMax || row.expression.startsWith('at(')) await emitOccurrence(tx, name, row, scheduledMs, deps);
  const goesOn = await planSchedule(tx, name, row, Math.max(scheduledMs, nowMs - catchUpMsMax), deps);
  // "Deletes the schedule after its last target invocation."
  if (!goesOn && row.action === 'DELETE') await clearSchedule(tx, name, row, deps);
}

async function emitOccurrence(tx: Transaction, name: ScheduleName, row: ScheduleRow, scheduledMs: number, { emitter, random }: SchedulerDeps): Promise<void> {
  const occurrence: Occurrence = { executionId: uuid(random), scheduledMs, target: row.target };
  const parts = await Promise.all(Array.from({ length: row.inputParts ?? 0 }, (_, part) => inputs.get(tx, name, [row.id, part])));
  const input = Buffer.concat(parts.map((part) => part?.text ?? Buffer.alloc(0)));
  const { MaximumRetryAttempts: retries = retryAttemptsDefault, MaximumEventAgeInSeconds: ageSeconds = eventAgeSecondsDefault } = row.target.RetryPolicy ?? {};
  const groupId = row.target.SqsParameters?.MessageGroupId;
  emitter.emit(tx, {
    ...{ source: 'scheduler', sourceArn: scheduleArn(name), target: deliveryArn(name), account: name.account, region: name.region, callingPrincipal: row.target.RoleArn },
    payload: Buffer.concat([Buffer.from(`${JSON.stringify({ ...occurrence, hasInput: row.inputParts !== undefined })}\n`), input]),
    maximumAttempts: retries + 1,
    maximumAgeMs: ageSeconds * 1_000,
    ...(groupId === undefined ? {} : { orderingKey: groupId }),
  });
}

async function removeGroup(tx: Transaction, scope: { account: string; region: string }, group: string, deps: SchedulerDeps): Promise<void> {
  const row = await groups.get(tx, scope, [group]);
  if (!row?.deleting) return;
  const page = await schedules.list(tx, scope, [group], { limit: removalSchedules });
  for (const { parts, row: schedule } of page) await clearSchedule(tx, { ...scope, group, name: String(parts[1]) }, schedule, deps);
  if (page.length < removalSchedules) groups.clear(tx, scope, [group]);
  else await planGroupRemoval(tx, scope, group, deps);
}
