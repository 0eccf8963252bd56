// Scaling, by the clock: scheduled actions, and a look at the metrics of target tracking every minute. Each is a timer, which is set in the
// transaction that it serves, so a restart or a jump of the clock forgets nothing.
import { ServiceError } from '../../base/errors.ts';
import type { Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { FiredTimer, TimerId } from '../../kv/timers.ts';
import { nextMoment, parseExpression } from '../../base/scheduleExpression.ts';
import type { ScalableResource } from '../../ports/scalableResource.ts';
import type { TargetName } from './errors.ts';
import { minuteMs } from './limits.ts';
import { requireResource } from './lookup.ts';
import type { ApplicationAutoscalingDeps } from './operation.ts';
import { addActivity, clearAction, findAction, findPolicy, findTarget, setPolicy, setTarget } from './store.ts';
import type { ActionRow, PolicyRow, TargetRow } from './store.ts';
import { decide } from './targetTracking.ts';

const service = 'application-autoscaling';

interface TimerDetail extends TargetName, Scope {
  readonly kind: 'action' | 'policy';
  readonly name: string;
  readonly revision: number;
}

const timerOf = (kind: TimerDetail['kind'], { account, region }: Scope, { namespace, resourceId, dimension, name }: TargetName & { readonly name: string }): TimerId => ({
  service,
  id: JSON.stringify([kind, account, region, namespace, resourceId, dimension, name]),
});

/** When an action comes next after `afterMs`, within its time. */
export function nextOf({ schedule, zone, startMs, endMs, createdAtMs }: ActionRow, afterMs: number): number | undefined {
  const parsed = parseExpression(schedule);
  if (parsed === undefined) return undefined;
  const fromMs = Math.max(afterMs, (startMs ?? 0) - 1);
  const atMs = nextMoment(parsed, { afterMs: fromMs, startMs: startMs ?? createdAtMs, timeZone: zone });
  return atMs === undefined || (endMs !== undefined && atMs > endMs) ? undefined : atMs;
}

/** Plans an action; false when it never comes again. */
export async function planAction(tx: Transaction, scope: Scope, row: ActionRow, afterMs: number, { timers }: ApplicationAutoscalingDeps): Promise<boolean> {
  const dueMs = nextOf(row, afterMs);
  const timer = timerOf('action', scope, row);
  if (dueMs === undefined) await timers.clear(tx, timer);
  else await timers.set(tx, { ...timer, dueMs, detail: detailOf('action', scope, row, row.revision) });
  return dueMs !== undefined;
}

export const forgetAction = (tx: Transaction, scope: Scope, row: ActionRow, { timers }: ApplicationAutoscalingDeps): Promise<void> => timers.clear(tx, timerOf('action', scope, row));

/** Plans the next look at a policy's metric, shortly after a whole minute is over. */
export async function planPolicy(tx: Transaction, scope: Scope, row: PolicyRow, nowMs: number, { timers }: ApplicationAutoscalingDeps): Promise<void> {
  const dueMs = (Math.floor(nowMs / minuteMs) + 1) * minuteMs;
  await timers.set(tx, { ...timerOf('policy', scope, row), dueMs, detail: detailOf('policy', scope, row, 0) });
}

export const forgetPolicy = (tx: Transaction, scope: Scope, row: PolicyRow, { timers }: ApplicationAutoscalingDeps): Promise<void> => timers.clear(tx, timerOf('policy', scope, row));

const detailOf = (kind: TimerDetail['kind'], { account, region }: Scope, row: TargetName & { readonly name: string }, revision: number): TimerDetail => ({
  kind,
  account,
  region,
  namespace: row.namespace,
  resourceId: row.resourceId,
  dimension: row.dimension,
  name: row.name,
  revision,
});

/** Brings a resource within the bounds of its target; `cause` is for those who wonder why. */
export async function keepWithinBounds(tx: Transaction, scope: Scope, target: TargetRow, causes: { readonly low: string; readonly high: string }, nowMs: number, deps: ApplicationAutoscalingDeps): Promise<void> {
  const resource = requireResource(target, deps);
  const state = await resource.describe(tx, scope, target.resourceId);
  if (state === undefined) return;
  if (state.capacity < target.min) await scaleTo(tx, scope, target, { resource, capacity: target.min, cause: causes.low, nowMs }, deps);
  else if (state.capacity > target.max) await scaleTo(tx, scope, target, { resource, capacity: target.max, cause: causes.high, nowMs }, deps);
}

interface Change {
  readonly resource: ScalableResource;
  readonly capacity: number;
  readonly cause: string;
  readonly nowMs: number;
}

async function scaleTo(tx: Transaction, scope: Scope, { namespace, resourceId, dimension }: TargetRow, { resource, capacity, cause, nowMs }: Change, { random }: ApplicationAutoscalingDeps): Promise<boolean> {
  const activity = { namespace, resourceId, dimension, description: `Setting ${resource.noun} to ${capacity}.`, cause, atMs: nowMs };
  try {
    await resource.setCapacity(tx, scope, resourceId, capacity, nowMs);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const message = `Failed to set ${resource.noun} to ${capacity}. Reason: ${error.message}`;
    await addActivity(tx, scope, { ...activity, outcome: { kind: 'failed', message } }, random);
    return false;
  }
  await addActivity(tx, scope, { ...activity, outcome: { kind: 'set', capacity } }, random);
  return true;
}

/** What a timer of this service does when it is due. */
export async function fireScaling(tx: Transaction, { detail }: FiredTimer, deps: ApplicationAutoscalingDeps): Promise<void> {
  const { account, region, kind, name, revision, ...target } = detail as TimerDetail;
  const scope = { account, region };
  const row = await findTarget(tx, scope, target);
  if (row === undefined) return;
  if (kind === 'action') {
    const action = await findAction(tx, scope, target, name);
    if (action?.revision === revision) await runAction(tx, scope, row, action, deps);
  } else {
    const policy = await findPolicy(tx, scope, target, name);
    if (policy !== undefined) await runPolicy(tx, scope, row, policy, deps);
  }
}

async function runAction(tx: Transaction, scope: Scope, target: TargetRow, action: ActionRow, deps: ApplicationAutoscalingDeps): Promise<void> {
  const nowMs = deps.clock.now();
  // What comes once is gone after it has come.
  if (!(await planAction(tx, scope, action, nowMs, deps))) clearAction(tx, scope, action);
  if (target.suspended.scheduled) return;
  const min = action.min ?? Math.min(target.min, action.max ?? target.min);
  const next = { ...target, min, max: action.max ?? Math.max(target.max, min) };
  setTarget(tx, scope, next);
  const cause = `scheduled action name ${action.name} was triggered`;
  await keepWithinBounds(tx, scope, next, { low: `minimum capacity was set to ${next.min} because ${cause}`, high: `maximum capacity was set to ${next.max} because ${cause}` }, nowMs, deps);
}

async function runPolicy(tx: Transaction, scope: Scope, target: TargetRow, policy: PolicyRow, deps: ApplicationAutoscalingDeps): Promise<void> {
  const nowMs = deps.clock.now();
  await planPolicy(tx, scope, policy, nowMs, deps);
  const resource = requireResource(target, deps);
  const state = await resource.describe(tx, scope, target.resourceId);
  const lastMinuteMs = (Math.floor(nowMs / minuteMs) - 1) * minuteMs;
  const sample = resource.peak(policy.metric, scope, target.resourceId, lastMinuteMs) ?? null;
  const { policy: next, capacity, alarm } = decide(policy, { sample, current: state?.capacity ?? 0, target, nowMs });
  setPolicy(tx, scope, next);
  if (state === undefined || capacity === undefined) return;
  const cause = `monitor alarm TargetTracking-${target.resourceId}-${alarm}-${policy.id} in state ALARM triggered policy ${policy.name}`;
  await scaleTo(tx, scope, target, { resource, capacity, cause, nowMs }, deps);
}
