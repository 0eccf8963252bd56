// Keys: alarms [name] | parents [child name, composite name] | history [name, time backwards, id].
import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { formatArn } from '../../../base/arn.ts';
import { uuid } from '../../../base/ids.ts';
import type { Random } from '../../../base/random.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import { childrenMax, historyMax, historyMs } from '../limits.ts';
import type { Dimensions } from '../store.ts';

export type StateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface AlarmState {
  readonly value: StateValue;
  readonly reason: string;
  /** JSON. */
  readonly reasonData?: string;
  /** When it was last written, and when it last became another one. */
  readonly updatedMs: number;
  readonly transitionedMs: number;
}

interface AlarmBase {
  readonly name: string;
  readonly description?: string;
  readonly actionsEnabled: boolean;
  /** ARNs, by the state that calls them. */
  readonly actions: Readonly<Record<StateValue, readonly string[]>>;
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly configuredMs: number;
  readonly state: AlarmState;
}

export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

export type Comparison = 'GreaterThanOrEqualToThreshold' | 'GreaterThanThreshold' | 'LessThanThreshold' | 'LessThanOrEqualToThreshold';

export interface MetricAlarmRow extends AlarmBase {
  readonly kind: 'metric';
  /** One metric … */
  readonly metric?: { readonly namespace: string; readonly name: string; readonly dimensions: Dimensions; readonly stat: string; readonly unit?: string };
  /** … or queries, of which one is returned; as they were given. */
  readonly queries?: readonly MetricDataQuery[];
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  /** As it was given, for the answers. */
  readonly givenDatapoints?: number;
  readonly threshold: number;
  readonly comparison: Comparison;
  readonly missing: MissingData;
  readonly givenMissing?: string;
  readonly lowSamples?: string;
}

export interface CompositeAlarmRow extends AlarmBase {
  readonly kind: 'composite';
  readonly rule: string;
  readonly children: readonly string[];
}

export type AlarmRow = MetricAlarmRow | CompositeAlarmRow;

export interface HistoryRow {
  readonly name: string;
  readonly kind: AlarmRow['kind'];
  readonly atMs: number;
  readonly type: 'ConfigurationUpdate' | 'StateUpdate' | 'Action';
  readonly summary: string;
  /** JSON. */
  readonly data: string;
}

const alarms = defineTable<AlarmRow>('cloudwatch', 'alarms');
const parents = defineTable<{ readonly name: string }>('cloudwatch', 'parents');
const history = defineTable<HistoryRow>('cloudwatch', 'history');

export const alarmArn = ({ account, region }: Scope, name: string): string => formatArn({ service: 'cloudwatch', region, account, resource: `alarm:${name}` });

export const findAlarm = (tx: ReadTransaction, scope: Scope, name: string): Promise<AlarmRow | undefined> => alarms.get(tx, scope, [name]);

/** Writes an alarm; `old` is what it was before, if it was. */
export function setAlarm(tx: Transaction, scope: Scope, row: AlarmRow, old: AlarmRow | undefined): void {
  if (old?.kind === 'composite') for (const child of old.children) parents.clear(tx, scope, [child, old.name]);
  if (row.kind === 'composite') for (const child of row.children) parents.set(tx, scope, [child, row.name], { name: row.name });
  alarms.set(tx, scope, [row.name], row);
}

export function clearAlarm(tx: Transaction, scope: Scope, row: AlarmRow): void {
  if (row.kind === 'composite') for (const child of row.children) parents.clear(tx, scope, [child, row.name]);
  alarms.clear(tx, scope, [row.name]);
}

/** The composite alarms whose rules name this one. */
export const parentsOf = async (tx: ReadTransaction, scope: Scope, name: string): Promise<string[]> => (await parents.list(tx, scope, [name], { limit: childrenMax })).map(({ row }) => row.name);

/** A page of alarms by name, of those that `wants` wants. */
export async function listAlarms(tx: ReadTransaction, scope: Scope, page: { readonly limit: number; readonly after?: string | undefined; readonly wants: (row: AlarmRow) => boolean }): Promise<{ rows: AlarmRow[]; next: string | undefined }> {
  const rows: AlarmRow[] = [];
  for (let after = page.after; ; ) {
    const found = await alarms.list(tx, scope, [], { limit: 1_000, ...(after === undefined ? {} : { after: [after] }) });
    for (const { row } of found) {
      if (!page.wants(row)) continue;
      if (rows.length === page.limit) return { rows, next: rows.at(-1)?.name };
      rows.push(row);
    }
    after = found.at(-1)?.row.name;
    if (found.length < 1_000 || after === undefined) return { rows, next: undefined };
  }
}

// The newest first: keys are in the order of the time that is left until this one.
const timeMax = 2 ** 53 - 1;

/** Notes what happened to an alarm, and forgets what is too old or too much. */
export async function addHistory(tx: Transaction, scope: Scope, row: HistoryRow, random: Random): Promise<void> {
  const known = await history.list(tx, scope, [row.name], { limit: historyMax });
  for (const [index, old] of known.entries()) if (index >= historyMax - 1 || old.row.atMs < row.atMs - historyMs) history.clear(tx, scope, old.parts);
  const order = Math.min(timeMax - row.atMs, Number(known[0]?.parts[1] ?? timeMax) - 1);
  history.set(tx, scope, [row.name, order, uuid(random)], row);
}

/** The history of one alarm, or of all, by name and the newest first; each with where a page after it begins. */
export async function listHistory(tx: ReadTransaction, scope: Scope, name: string | undefined, limit: number): Promise<HistoryRow[]> {
  return (await history.list(tx, scope, name === undefined ? [] : [name], { limit })).map(({ row }) => row);
}
