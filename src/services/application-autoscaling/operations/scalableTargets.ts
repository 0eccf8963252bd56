import type { ScalableTarget } from '@aws-sdk/client-application-auto-scaling';
import { formatArn } from '../../../base/arn.ts';
import type { AccessRequest } from '../../../framework/context.ts';
import type { Scope } from '../../../kv/table.ts';
import { errors } from '../errors.ts';
import { policiesMax, scheduledActionsMax, targetsMax } from '../limits.ts';
import { requireResource, requireTarget, scopeOf, targetAccess, targetNameOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { ApplicationAutoscalingDeps } from '../operation.ts';
import { makeToken, openToken, pageSizeOf } from '../paging.ts';
import { forgetAction, forgetPolicy, keepWithinBounds } from '../scaling.ts';
import { actionsOf, clearTarget, findTarget, pageOfTargets, policiesOf, setTarget, targetArn } from '../store.ts';
import type { TargetRow } from '../store.ts';
import { requireTags } from './tags.ts';

const registerAccess = targetAccess('RegisterScalableTarget');

const registerScalableTarget = operation('RegisterScalableTarget', {
  access(input, call): AccessRequest[] {
    const asked = registerAccess(input, call);
    return input.Tags === undefined ? [asked] : [asked, { ...asked, action: 'application-autoscaling:TagResource' }];
  },
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    const name = targetNameOf(input);
    const resource = requireResource(name, deps);
    // AWS uses its service-linked role for every service here, whatever is given (API reference, RoleARN).
    const tags = requireTags(input.Tags ?? {}, targetArn(scope, name));
    await deps.store.transact(async (tx) => {
      const old = await findTarget(tx, scope, name);
      const row = mergeTarget(old, { ...name, min: input.MinCapacity ?? old?.min, max: input.MaxCapacity ?? old?.max, createdAtMs: call.nowMs, suspended: input.SuspendedState, tags });
      if ((await resource.describe(tx, scope, name.resourceId)) === undefined) {
        throw errors.validation(`The resource ${name.resourceId} does not exist, or its ID has not the form of ${name.dimension}.`);
      }
      if (old === undefined && (await pageOfTargets(tx, scope, { prefix: [name.namespace], after: undefined, limit: targetsMax, wants: () => true })).rows.length >= targetsMax) {
        throw errors.tooMany('scalable targets');
      }
      setTarget(tx, scope, row);
      await keepWithinBounds(tx, scope, row, { low: `minimum capacity was set to ${row.min}`, high: `maximum capacity was set to ${row.max}` }, call.nowMs, deps);
    });
    return { ScalableTargetARN: targetArn(scope, name) };
  },
});

const deregisterScalableTarget = operation('DeregisterScalableTarget', {
  access: targetAccess('DeregisterScalableTarget'),
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    const name = targetNameOf(input);
    await deps.store.transact(async (tx) => {
      await requireTarget(tx, scope, name, errors.noTargetFound);
      // With its policies and scheduled actions; the capacity stays as it is (API reference).
      for (const policy of await policiesOf(tx, scope, name, policiesMax)) await forgetPolicy(tx, scope, policy, deps);
      for (const action of await actionsOf(tx, scope, name, scheduledActionsMax)) await forgetAction(tx, scope, action, deps);
      clearTarget(tx, scope, name);
    });
    return {};
  },
});

const describeScalableTargets = operation('DescribeScalableTargets', {
  access: () => ({ action: 'application-autoscaling:DescribeScalableTargets', resource: '*' }),
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    const { ServiceNamespace: namespace = '', ScalableDimension: dimension } = input;
    const ids = input.ResourceIds ?? [];
    if (dimension !== undefined && ids.length === 0) throw errors.validation('If you specify a scalable dimension, you must also specify a resource ID.');
    const page = await deps.store.read((tx) =>
      pageOfTargets(tx, scope, {
        prefix: [namespace],
        after: openToken(input.NextToken),
        limit: pageSizeOf(input.MaxResults),
        wants: (row) => (ids.length === 0 || ids.includes(row.resourceId)) && (dimension === undefined || row.dimension === dimension),
      }),
    );
    return { ScalableTargets: page.rows.map((row) => describe(scope, row, deps)), ...(page.next ? { NextToken: makeToken(page.next) } : {}) };
  },
});

/** Targets: what is scaled, and within which bounds. */
export const scalableTargetOperations = {
  RegisterScalableTarget: registerScalableTarget,
  DeregisterScalableTarget: deregisterScalableTarget,
  DescribeScalableTargets: describeScalableTargets,
};

interface Wanted extends Omit<TargetRow, 'min' | 'max' | 'suspended'> {
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly suspended: { readonly DynamicScalingInSuspended?: boolean | undefined; readonly DynamicScalingOutSuspended?: boolean | undefined; readonly ScheduledScalingSuspended?: boolean | undefined } | undefined;
}

function mergeTarget(old: TargetRow | undefined, { min, max, suspended = {}, tags, ...wanted }: Wanted): TargetRow {
  if (min === undefined || max === undefined) throw errors.validation('You must specify values for the minimum and maximum capacity when you register a scalable target.');
  requireBounds(min, max);
  const before = old?.suspended ?? { scaleIn: false, scaleOut: false, scheduled: false };
  return {
    ...wanted,
    min,
    max,
    createdAtMs: old?.createdAtMs ?? wanted.createdAtMs,
    suspended: {
      scaleIn: suspended.DynamicScalingInSuspended ?? before.scaleIn,
      scaleOut: suspended.DynamicScalingOutSuspended ?? before.scaleOut,
      scheduled: suspended.ScheduledScalingSuspended ?? before.scheduled,
    },
    tags: tags.length === 0 ? (old?.tags ?? []) : tags,
  };
}

/** Throws for bounds that are none. */
export function requireBounds(min: number | undefined, max: number | undefined): void {
  if ((min ?? 0) < 0 || (max ?? 0) < 0) throw errors.validation('Minimum capacity and maximum capacity must not be negative.');
  if (min !== undefined && max !== undefined && max < min) throw errors.validation('Maximum capacity cannot be less than minimum capacity');
}

function describe(scope: Scope, row: TargetRow, { resources }: ApplicationAutoscalingDeps): ScalableTarget {
  const { namespace, resourceId, dimension, suspended } = row;
  const suffix = resources.find((resource) => resource.dimension === dimension)?.roleSuffix ?? '';
  const role = `role/aws-service-role/${namespace}.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_${suffix}`;
  return {
    ServiceNamespace: namespace as ScalableTarget['ServiceNamespace'],
    ResourceId: resourceId,
    ScalableDimension: dimension as ScalableTarget['ScalableDimension'],
    MinCapacity: row.min,
    MaxCapacity: row.max,
    RoleARN: formatArn({ service: 'iam', region: '', account: scope.account, resource: role }),
    CreationTime: new Date(row.createdAtMs),
    SuspendedState: { DynamicScalingInSuspended: suspended.scaleIn, DynamicScalingOutSuspended: suspended.scaleOut, ScheduledScalingSuspended: suspended.scheduled },
    ScalableTargetARN: targetArn(scope, row),
  };
}
