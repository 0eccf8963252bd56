import type { ScheduledAction } from '@aws-sdk/client-application-auto-scaling';
import { uuid } from '../../../base/ids.ts';
import { isTimeZone, parseExpression } from '../../../base/scheduleExpression.ts';
import { errors } from '../errors.ts';
import { scheduledActionsMax } from '../limits.ts';
import { requireTarget, scopeOf, targetAccess, targetNameOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { makeToken, openToken, pageSizeOf } from '../paging.ts';
import { forgetAction, nextOf, planAction } from '../scaling.ts';
import { actionArn, actionsOf, clearAction, findAction, pageOfActions, setAction } from '../store.ts';
import type { ActionRow } from '../store.ts';
import { requireBounds } from './scalableTargets.ts';

type Changes = Partial<Pick<ActionRow, 'schedule' | 'zone' | 'startMs' | 'endMs' | 'min' | 'max'>>;

const putScheduledAction = operation('PutScheduledAction', {
  access: targetAccess('PutScheduledAction'),
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    const target = targetNameOf(input);
    const name = input.ScheduledActionName ?? '';
    const bounds = input.ScalableTargetAction;
    const changes: Changes = {
      ...(input.Schedule === undefined ? {} : { schedule: input.Schedule }),
      ...(input.Timezone === undefined ? {} : { zone: input.Timezone }),
      ...(input.StartTime === undefined ? {} : { startMs: input.StartTime.getTime() }),
      ...(input.EndTime === undefined ? {} : { endMs: input.EndTime.getTime() }),
      ...(bounds?.MinCapacity === undefined ? {} : { min: bounds.MinCapacity }),
      ...(bounds?.MaxCapacity === undefined ? {} : { max: bounds.MaxCapacity }),
    };
    await deps.store.transact(async (tx) => {
      await requireTarget(tx, scope, target);
      const old = await findAction(tx, scope, target, name);
      if (old === undefined && (await actionsOf(tx, scope, target, scheduledActionsMax)).length >= scheduledActionsMax) throw errors.tooMany('scheduled actions');
      // API reference, PutScheduledAction: what an update leaves out stays, but not the times.
      const { startMs: _start, endMs: _end, zone: _zone, ...kept } = old ?? { startMs: 0, endMs: 0, zone: '' };
      const fresh = { ...target, name, id: uuid(deps.random), schedule: '', createdAtMs: call.nowMs };
      const row: ActionRow = { ...fresh, ...kept, ...changes, revision: (old?.revision ?? 0) + 1 };
      requireAction(row, call.nowMs);
      setAction(tx, scope, row);
      await planAction(tx, scope, row, call.nowMs, deps);
    });
    return {};
  },
});

const deleteScheduledAction = operation('DeleteScheduledAction', {
  access: targetAccess('DeleteScheduledAction'),
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    const target = targetNameOf(input);
    const name = input.ScheduledActionName ?? '';
    await deps.store.transact(async (tx) => {
      const row = await findAction(tx, scope, target, name);
      if (row === undefined) throw errors.noAction(name, target);
      clearAction(tx, scope, row);
      await forgetAction(tx, scope, row, deps);
    });
    return {};
  },
});

const describeScheduledActions = operation('DescribeScheduledActions', {
  access: () => ({ action: 'application-autoscaling:DescribeScheduledActions', resource: '*' }),
  async handle(input, call, { store }) {
    const scope = scopeOf(call);
    const { ServiceNamespace: namespace = '', ResourceId: resourceId, ScalableDimension: dimension } = input;
    if (dimension !== undefined && resourceId === undefined) throw errors.validation('If you specify a scalable dimension, you must also specify a resource ID.');
    const names = input.ScheduledActionNames ?? [];
    const page = await store.read((tx) =>
      pageOfActions(tx, scope, {
        prefix: [namespace],
        after: openToken(input.NextToken),
        limit: pageSizeOf(input.MaxResults),
        wants: (row) =>
          (names.length === 0 || names.includes(row.name)) && (resourceId === undefined || row.resourceId === resourceId) && (dimension === undefined || row.dimension === dimension),
      }),
    );
    return { ScheduledActions: page.rows.map((row) => describe(row, actionArn(scope, row))), ...(page.next ? { NextToken: makeToken(page.next) } : {}) };
  },
});

/** Scheduled actions: new bounds for a target, by the clock. */
export const scheduledActionOperations = {
  PutScheduledAction: putScheduledAction,
  DeleteScheduledAction: deleteScheduledAction,
  DescribeScheduledActions: describeScheduledActions,
};

function requireAction(row: ActionRow, nowMs: number): void {
  const { schedule, zone, startMs, endMs, min, max } = row;
  if (zone !== undefined && !isTimeZone(zone)) throw errors.validation(`Invalid timezone: ${zone}`);
  if (schedule === '') throw errors.validation('Schedule is required for a new scheduled action.');
  const parsed = parseExpression(schedule);
  if (parsed === undefined) throw errors.validation(`Invalid schedule: ${schedule}. Use at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields).`);
  if (min === undefined && max === undefined) throw errors.validation('Either MinCapacity or MaxCapacity must be specified in ScalableTargetAction.');
  requireBounds(min, max);
  if (startMs !== undefined && endMs !== undefined && endMs <= startMs) throw errors.validation('EndTime must be later than StartTime.');
  if (nextOf(row, nowMs) === undefined) throw errors.validation(`The schedule ${schedule} never comes, or is over.`);
}

const describe = (row: ActionRow, ScheduledActionARN: string): ScheduledAction => ({
  ScheduledActionName: row.name,
  ScheduledActionARN,
  ServiceNamespace: row.namespace as ScheduledAction['ServiceNamespace'],
  Schedule: row.schedule,
  ...(row.zone === undefined ? {} : { Timezone: row.zone }),
  ResourceId: row.resourceId,
  ScalableDimension: row.dimension as ScheduledAction['ScalableDimension'],
  ...(row.startMs === undefined ? {} : { StartTime: new Date(row.startMs) }),
  ...(row.endMs === undefined ? {} : { EndTime: new Date(row.endMs) }),
  ScalableTargetAction: { ...(row.min === undefined ? {} : { MinCapacity: row.min }), ...(row.max === undefined ? {} : { MaxCapacity: row.max }) },
  CreationTime: new Date(row.createdAtMs),
});
