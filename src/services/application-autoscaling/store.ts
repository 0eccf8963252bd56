// Keys: targets [namespace, resource, dimension] | targetsById [id] | policies [namespace, resource, dimension, name] |
// actions [namespace, resource, dimension, name] | activities [namespace, resource, dimension, time backwards, id].
import { createHash } from 'node:crypto';
import { formatArn } from '../../base/arn.ts';
import type { Random } from '../../base/random.ts';
import { uuid } from '../../base/ids.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope, Table } from '../../kv/table.ts';
import type { TargetName } from './errors.ts';
import { activitiesMax, activityMs } from './limits.ts';

export interface TargetRow extends TargetName {
  readonly min: number;
  readonly max: number;
  readonly createdAtMs: number;
  readonly suspended: { readonly scaleIn: boolean; readonly scaleOut: boolean; readonly scheduled: boolean };
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/** Target tracking, the one kind of policy that functions have. */
export interface PolicyRow extends TargetName {
  readonly name: string;
  readonly id: string;
  readonly metric: string;
  readonly targetValue: number;
  readonly scaleOutCooldownMs: number;
  readonly scaleInCooldownMs: number;
  /** As they were given, for the answers. */
  readonly given: { readonly ScaleOutCooldown?: number; readonly ScaleInCooldown?: number };
  readonly scalesIn: boolean;
  readonly createdAtMs: number;
  /** The last minutes, the newest last; null where there is no value. */
  readonly samples: readonly (number | null)[];
  readonly scaledOutAtMs: number;
  readonly scaledInAtMs: number;
}

export interface ActionRow extends TargetName {
  readonly name: string;
  readonly id: string;
  readonly schedule: string;
  readonly zone?: string;
  readonly startMs?: number;
  readonly endMs?: number;
  readonly min?: number;
  readonly max?: number;
  readonly createdAtMs: number;
  /** Another one with every change: an older timer means nothing. */
  readonly revision: number;
}

export interface ActivityRow extends TargetName {
  readonly id: string;
  readonly description: string;
  readonly cause: string;
  readonly atMs: number;
  /** `set` while it is for the resource to say how far it is. */
  readonly outcome: { readonly kind: 'set'; readonly capacity: number } | { readonly kind: 'superseded'; readonly capacity: number } | { readonly kind: 'failed'; readonly message: string };
}

const targets = defineTable<TargetRow>('application-autoscaling', 'targets');
const targetsById = defineTable<TargetName>('application-autoscaling', 'targetsById');
const policies = defineTable<PolicyRow>('application-autoscaling', 'policies');
const actions = defineTable<ActionRow>('application-autoscaling', 'actions');
const activities = defineTable<ActivityRow>('application-autoscaling', 'activities');

const partsOf = ({ namespace, resourceId, dimension }: TargetName): string[] => [namespace, resourceId, dimension];

/** The same for the same target: whoever asks for permission need not look it up. */
export const targetIdOf = (target: TargetName): string => createHash('sha256').update(JSON.stringify(partsOf(target))).digest('hex').slice(0, 36);

export const targetArn = ({ account, region }: Scope, target: TargetName): string =>
  formatArn({ service: 'application-autoscaling', region, account, resource: `scalable-target/${targetIdOf(target)}` });

// As the API reference shows them: of the service `autoscaling`.
export const policyArn = ({ account, region }: Scope, { namespace, resourceId, id, name }: PolicyRow): string =>
  formatArn({ service: 'autoscaling', region, account, resource: `scalingPolicy:${id}:resource/${namespace}/${resourceId}:policyName/${name}` });

export const actionArn = ({ account, region }: Scope, { namespace, resourceId, id, name }: ActionRow): string =>
  formatArn({ service: 'autoscaling', region, account, resource: `scheduledAction:${id}:resource/${namespace}/${resourceId}:scheduledActionName/${name}` });

export const findTarget = (tx: ReadTransaction, scope: Scope, target: TargetName): Promise<TargetRow | undefined> => targets.get(tx, scope, partsOf(target));

export async function findTargetById(tx: ReadTransaction, scope: Scope, id: string): Promise<TargetRow | undefined> {
  const target = await targetsById.get(tx, scope, [id]);
  return target && findTarget(tx, scope, target);
}

export function setTarget(tx: Transaction, scope: Scope, row: TargetRow): void {
  targets.set(tx, scope, partsOf(row), row);
  const { namespace, resourceId, dimension } = row;
  targetsById.set(tx, scope, [targetIdOf(row)], { namespace, resourceId, dimension });
}

/** Everything of a target; its timers are the caller's. */
export function clearTarget(tx: Transaction, scope: Scope, target: TargetName): void {
  const parts = partsOf(target);
  targets.clear(tx, scope, parts);
  targetsById.clear(tx, scope, [targetIdOf(target)]);
  policies.clearAll(tx, scope, parts);
  actions.clearAll(tx, scope, parts);
}

export const findPolicy = (tx: ReadTransaction, scope: Scope, target: TargetName, name: string): Promise<PolicyRow | undefined> => policies.get(tx, scope, [...partsOf(target), name]);
export const setPolicy = (tx: Transaction, scope: Scope, row: PolicyRow): void => policies.set(tx, scope, [...partsOf(row), row.name], row);
export const clearPolicy = (tx: Transaction, scope: Scope, row: PolicyRow): void => policies.clear(tx, scope, [...partsOf(row), row.name]);
export const policiesOf = async (tx: ReadTransaction, scope: Scope, target: TargetName, limit: number): Promise<PolicyRow[]> =>
  (await policies.list(tx, scope, partsOf(target), { limit })).map(({ row }) => row);

export const findAction = (tx: ReadTransaction, scope: Scope, target: TargetName, name: string): Promise<ActionRow | undefined> => actions.get(tx, scope, [...partsOf(target), name]);
export const setAction = (tx: Transaction, scope: Scope, row: ActionRow): void => actions.set(tx, scope, [...partsOf(row), row.name], row);
export const clearAction = (tx: Transaction, scope: Scope, row: ActionRow): void => actions.clear(tx, scope, [...partsOf(row), row.name]);
export const actionsOf = async (tx: ReadTransaction, scope: Scope, target: TargetName, limit: number): Promise<ActionRow[]> =>
  (await actions.list(tx, scope, partsOf(target), { limit })).map(({ row }) => row);

// The newest first: keys are in the order of the time that is left until this one.
const timeMax = 2 ** 53 - 1;

/** Notes what was done, and forgets what is too old or too much. */
export async function addActivity(tx: Transaction, scope: Scope, row: Omit<ActivityRow, 'id'>, random: Random): Promise<void> {
  const parts = partsOf(row);
  const known = await activities.list(tx, scope, parts, { limit: activitiesMax });
  const [newest] = known;
  if (newest?.row.outcome.kind === 'set') activities.set(tx, scope, newest.parts, { ...newest.row, outcome: { ...newest.row.outcome, kind: 'superseded' } });
  for (const [index, old] of known.entries()) if (index >= activitiesMax - 1 || old.row.atMs < row.atMs - activityMs) activities.clear(tx, scope, old.parts);
  const id = uuid(random);
  // Two of one moment keep their order.
  const order = Math.min(timeMax - row.atMs, Number(newest?.parts[3] ?? timeMax) - 1);
  activities.set(tx, scope, [...parts, order, id], { ...row, id });
}

/** A page of a table, in the order of its keys, of what `wants` wants. */
export interface PageRequest<Row> {
  readonly prefix: readonly string[];
  readonly after: readonly (string | number)[] | undefined;
  readonly limit: number;
  readonly wants: (row: Row) => boolean;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page begins; undefined on the last. */
  readonly next: readonly (string | number)[] | undefined;
}

const scanMax = 5_000;

async function readPage<Row extends object>(table: Table<Row>, tx: ReadTransaction, scope: Scope, { prefix, after, limit, wants }: PageRequest<Row>): Promise<Page<Row>> {
  const found = await table.list(tx, scope, prefix, { limit: scanMax, ...(after === undefined ? {} : { after }) });
  const wanted = found.filter(({ row }) => wants(row));
  const page = wanted.slice(0, limit);
  const last = wanted.length > limit ? page.at(-1) : found.length === scanMax ? found.at(-1) : undefined;
  return { rows: page.map(({ row }) => row), next: last?.parts as readonly (string | number)[] | undefined };
}

export const pageOfTargets = (tx: ReadTransaction, scope: Scope, page: PageRequest<TargetRow>): Promise<Page<TargetRow>> => readPage(targets, tx, scope, page);
export const pageOfPolicies = (tx: ReadTransaction, scope: Scope, page: PageRequest<PolicyRow>): Promise<Page<PolicyRow>> => readPage(policies, tx, scope, page);
export const pageOfActions = (tx: ReadTransaction, scope: Scope, page: PageRequest<ActionRow>): Promise<Page<ActionRow>> => readPage(actions, tx, scope, page);
export const pageOfActivities = (tx: ReadTransaction, scope: Scope, page: PageRequest<ActivityRow>): Promise<Page<ActivityRow>> => readPage(activities, tx, scope, page);
