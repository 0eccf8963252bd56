// An alarm becomes another state: noted, told to EventBridge, its actions called, and composite alarms looked at, all in one transaction.
import type { Random } from '../../../base/random.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import type { EventBus } from '../../../ports/eventBus.ts';
import type { Emitter } from '../../../ports/outbox.ts';
import { callActions } from './actions.ts';
import { parseAlarmRule } from './alarmRule.ts';
import { addHistory, alarmArn, findAlarm, parentsOf, setAlarm } from './alarmStore.ts';
import type { AlarmRow, AlarmState, StateValue } from './alarmStore.ts';
import { describeChange } from './events.ts';

export interface TransitionDeps {
  readonly random: Random;
  readonly emitter: Emitter;
  /** Absent where there is no EventBridge. */
  readonly bus?: EventBus | undefined;
}

export interface NextState {
  readonly value: StateValue;
  readonly reason: string;
  readonly reasonData?: string | undefined;
}

/** Composite alarms of composite alarms, so deep. */
const generationsMax = 10;

/** Writes a state. What is the same as before changes its reason at most. */
export async function changeState(tx: Transaction, scope: Scope, row: AlarmRow, next: NextState, nowMs: number, deps: TransitionDeps, generation = 0): Promise<AlarmRow> {
  const changed = next.value !== row.state.value;
  const state: AlarmState = {
    value: next.value,
    reason: next.reason,
    ...(next.reasonData === undefined ? {} : { reasonData: next.reasonData }),
    updatedMs: nowMs,
    transitionedMs: changed ? nowMs : row.state.transitionedMs,
  };
  const after: AlarmRow = { ...row, state };
  setAlarm(tx, scope, after, row);
  if (!changed) return after;
  const summary = `Alarm updated from ${row.state.value} to ${next.value}`;
  const data = { version: '1.0', oldState: stateData(row.state), newState: stateData(state) };
  await addHistory(tx, scope, { name: row.name, kind: row.kind, atMs: nowMs, type: 'StateUpdate', summary, data: JSON.stringify(data) }, deps.random);
  await deps.bus?.put(tx, {
    ...scope,
    source: 'aws.cloudwatch',
    detailType: 'CloudWatch Alarm State Change',
    resources: [alarmArn(scope, row.name)],
    detail: describeChange(after, row.state),
    atMs: nowMs,
  });
  await callActions(tx, scope, after, row.state, nowMs, deps);
  if (generation < generationsMax) {
    for (const name of await parentsOf(tx, scope, row.name)) {
      const cause = `${alarmArn(scope, row.name)} transitioned to ${next.value} at ${longTime(nowMs)}`;
      await judgeComposite(tx, scope, name, cause, nowMs, deps, generation + 1);
    }
  }
  return after;
}

/** Looks at a composite alarm anew: its children are what they are now. */
export async function judgeComposite(tx: Transaction, scope: Scope, name: string, cause: string, nowMs: number, deps: TransitionDeps, generation = 0): Promise<void> {
  const row = await findAlarm(tx, scope, name);
  if (row?.kind !== 'composite') return;
  const states = new Map<string, AlarmState>();
  for (const child of row.children) {
    const found = await findAlarm(tx, scope, child);
    if (found !== undefined) states.set(child, found.state);
  }
  const value = parseAlarmRule(row.rule).holds((child) => states.get(child)?.value) ? 'ALARM' : 'OK';
  if (value === row.state.value) return;
  const triggeringAlarms = [...states].map(([child, state]) => ({ arn: alarmArn(scope, child), state: { value: state.value, timestamp: isoTime(state.updatedMs) } }));
  await changeState(tx, scope, row, { value, reason: cause, reasonData: JSON.stringify({ triggeringAlarms }) }, nowMs, deps, generation);
}

const isoTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');

const stateData = ({ value, reason, reasonData }: AlarmState): object => ({ stateValue: value, stateReason: reason, ...(reasonData === undefined ? {} : { stateReasonData: parseOrText(reasonData) }) });

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `Monday 05 January, 2026 12:00:00 UTC`. */
export function longTime(ms: number): string {
  const at = new Date(ms);
  const part = (options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }).format(at);
  return `${part({ weekday: 'long' })} ${part({ day: '2-digit' })} ${part({ month: 'long' })}, ${at.getUTCFullYear()} ${at.toISOString().slice(11, 19)} UTC`;
}
