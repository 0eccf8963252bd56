// What all alarms have in common when they are made or changed.
import type { PutMetricAlarmInput, Tag } from '@aws-sdk/client-cloudwatch';
import type { Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import { errors } from '../errors.ts';
import { alarmsMax, alarmTagsMax } from '../limits.ts';
import { requireActions } from './actions.ts';
import { addHistory, alarmArn, listAlarms, setAlarm } from './alarmStore.ts';
import type { AlarmRow, CompositeAlarmRow, MetricAlarmRow } from './alarmStore.ts';
import type { TransitionDeps } from './transition.ts';

type Unsaved = Omit<MetricAlarmRow, 'configuredMs' | 'state'> | Omit<CompositeAlarmRow, 'configuredMs' | 'state'>;

/** Writes what a user wants; an alarm that was there keeps its state. */
export async function saveAlarm(tx: Transaction, scope: Scope, wanted: Unsaved, old: AlarmRow | undefined, nowMs: number, { random }: TransitionDeps): Promise<AlarmRow> {
  if (old === undefined && (await listAlarms(tx, scope, { limit: alarmsMax, wants: () => true })).rows.length >= alarmsMax) throw errors.limitExceeded(`The limit of ${alarmsMax} alarms has been reached.`);
  const state = old?.state ?? { value: 'INSUFFICIENT_DATA' as const, reason: 'Unchecked: Initial alarm creation', updatedMs: nowMs, transitionedMs: nowMs };
  const row: AlarmRow = { ...wanted, configuredMs: nowMs, state };
  setAlarm(tx, scope, row, old);
  const summary = `Alarm "${row.name}" ${old === undefined ? 'created' : 'updated'}`;
  const data = { version: '1.0', type: old === undefined ? 'Create' : 'Update', [old === undefined ? 'createdAlarm' : 'updatedAlarm']: { alarmName: row.name, alarmArn: alarmArn(scope, row.name) } };
  await addHistory(tx, scope, { name: row.name, kind: row.kind, atMs: nowMs, type: 'ConfigurationUpdate', summary, data: JSON.stringify(data) }, random);
  return row;
}

/** The actions of a request, by the state that calls them. */
export const actionsOf = (input: Pick<PutMetricAlarmInput, 'OKActions' | 'AlarmActions' | 'InsufficientDataActions'>): AlarmRow['actions'] => ({
  OK: requireActions(input.OKActions, 'oKActions'),
  ALARM: requireActions(input.AlarmActions, 'alarmActions'),
  INSUFFICIENT_DATA: requireActions(input.InsufficientDataActions, 'insufficientDataActions'),
});

/** The tags of a request; later ones of a key win. */
export function tagsOf(given: readonly Tag[] | undefined, before: AlarmRow['tags'] = []): AlarmRow['tags'] {
  const tags = [...new Map([...before, ...(given ?? []).map(({ Key = '', Value = '' }): [string, string] => [Key, Value])])];
  if (tags.length > alarmTagsMax) throw errors.validation(`An alarm may have ${alarmTagsMax} tags.`);
  if (tags.some(([key]) => key.toLowerCase().startsWith('aws:'))) throw errors.validation('Tag keys that begin with aws: are reserved.');
  return tags;
}
