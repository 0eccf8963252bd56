import type { PutScalingPolicyRequest, ScalingPolicy } from '@aws-sdk/client-application-auto-scaling';
import { uuid } from '../../../base/ids.ts';
import type { ScalableResource } from '../../../ports/scalableResource.ts';
import { errors } from '../errors.ts';
import { policiesMax } from '../limits.ts';
import { requireResource, requireTarget, scopeOf, targetAccess, targetNameOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { makeToken, openToken, pageSizeOf } from '../paging.ts';
import { forgetPolicy, planPolicy } from '../scaling.ts';
import { clearPolicy, findPolicy, pageOfPolicies, policiesOf, policyArn, setPolicy } from '../store.ts';
import type { PolicyRow } from '../store.ts';

const putScalingPolicy = operation('PutScalingPolicy', {
  access: targetAccess('PutScalingPolicy'),
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    const target = targetNameOf(input);
    const resource = requireResource(target, deps);
    const tracking = requireTracking(input, resource);
    const name = input.PolicyName ?? '';
    const row = await deps.store.transact(async (tx) => {
      await requireTarget(tx, scope, target);
      const old = await findPolicy(tx, scope, target, name);
      const others = (await policiesOf(tx, scope, target, policiesMax + 1)).filter((policy) => policy.name !== name);
      if (old === undefined && others.length >= policiesMax) throw errors.tooMany('scaling policies');
      // User guide, "Considerations": one policy for each metric.
      if (others.some(({ metric }) => metric === tracking.metric)) {
        throw errors.validation('Only one TargetTrackingScaling policy for a given metric specification is allowed.');
      }
      const next: PolicyRow = {
        ...target,
        ...tracking,
        name,
        id: old?.id ?? uuid(deps.random),
        createdAtMs: old?.createdAtMs ?? call.nowMs,
        samples: [],
        scaledOutAtMs: old?.scaledOutAtMs ?? 0,
        scaledInAtMs: old?.scaledInAtMs ?? 0,
      };
      setPolicy(tx, scope, next);
      await planPolicy(tx, scope, next, call.nowMs, deps);
      return next;
    });
    return { PolicyARN: policyArn(scope, row), Alarms: [] };
  },
});

const deleteScalingPolicy = operation('DeleteScalingPolicy', {
  access: targetAccess('DeleteScalingPolicy'),
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    const target = targetNameOf(input);
    const name = input.PolicyName ?? '';
    await deps.store.transact(async (tx) => {
      const row = await findPolicy(tx, scope, target, name);
      if (row === undefined) throw errors.noPolicy(name, target);
      clearPolicy(tx, scope, row);
      await forgetPolicy(tx, scope, row, deps);
    });
    return {};
  },
});

const describeScalingPolicies = operation('DescribeScalingPolicies', {
  access: () => ({ action: 'application-autoscaling:DescribeScalingPolicies', resource: '*' }),
  async handle(input, call, { store }) {
    const scope = scopeOf(call);
    const { ServiceNamespace: namespace = '', ResourceId: resourceId, ScalableDimension: dimension } = input;
    if (dimension !== undefined && resourceId === undefined) throw errors.validation('If you specify a scalable dimension, you must also specify a resource ID.');
    const names = input.PolicyNames ?? [];
    const page = await store.read((tx) =>
      pageOfPolicies(tx, scope, {
        prefix: [namespace],
        after: openToken(input.NextToken),
        limit: pageSizeOf(input.MaxResults),
        wants: (row) =>
          (names.length === 0 || names.includes(row.name)) && (resourceId === undefined || row.resourceId === resourceId) && (dimension === undefined || row.dimension === dimension),
      }),
    );
    return { ScalingPolicies: page.rows.map((row) => describe(row, policyArn(scope, row))), ...(page.next ? { NextToken: makeToken(page.next) } : {}) };
  },
});

/** Policies: a metric, and what it is to be kept at. */
export const scalingPolicyOperations = {
  PutScalingPolicy: putScalingPolicy,
  DeleteScalingPolicy: deleteScalingPolicy,
  DescribeScalingPolicies: describeScalingPolicies,
};

type Tracking = Pick<PolicyRow, 'metric' | 'targetValue' | 'scaleOutCooldownMs' | 'scaleInCooldownMs' | 'given' | 'scalesIn'>;

function requireTracking(input: PutScalingPolicyRequest, { namespace, metrics }: ScalableResource): Tracking {
  // Step scaling is the default, and not for functions (user guide, "Step scaling policies", Considerations).
  const type = input.PolicyType ?? 'StepScaling';
  if (type !== 'TargetTrackingScaling') throw errors.validation(`Policy type ${type} is not supported for service namespace ${namespace}. Use TargetTrackingScaling.`);
  if (input.StepScalingPolicyConfiguration !== undefined || input.PredictiveScalingPolicyConfiguration !== undefined) {
    throw errors.validation('Only TargetTrackingScalingPolicyConfiguration can be given for the policy type TargetTrackingScaling.');
  }
  const given = input.TargetTrackingScalingPolicyConfiguration;
  if (given === undefined) throw errors.validation('TargetTrackingScalingPolicyConfiguration is required for the policy type TargetTrackingScaling.');
  const { TargetValue: targetValue = 0, PredefinedMetricSpecification: predefined, ScaleOutCooldown, ScaleInCooldown } = given;
  if ((predefined === undefined) === (given.CustomizedMetricSpecification === undefined)) {
    throw errors.validation('Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified.');
  }
  if (given.CustomizedMetricSpecification !== undefined) throw errors.notSupported('CustomizedMetricSpecification of scaling policies');
  const metric = predefined?.PredefinedMetricType ?? '';
  const range = metrics[metric];
  if (range === undefined) throw errors.validation(`The predefined metric type ${metric} is not supported for service namespace ${namespace}.`);
  if (predefined?.ResourceLabel !== undefined) throw errors.validation(`ResourceLabel is not supported for the predefined metric type ${metric}.`);
  if (targetValue < range.min || targetValue > range.max) throw errors.validation(`TargetValue must be between ${range.min} and ${range.max} for the predefined metric type ${metric}.`);
  if ((ScaleOutCooldown ?? 0) < 0 || (ScaleInCooldown ?? 0) < 0) throw errors.validation('Cooldowns must not be negative.');
  return {
    metric,
    targetValue,
    // API reference, TargetTrackingScalingPolicyConfiguration: 0 is the default for functions.
    scaleOutCooldownMs: (ScaleOutCooldown ?? 0) * 1_000,
    scaleInCooldownMs: (ScaleInCooldown ?? 0) * 1_000,
    given: { ...(ScaleOutCooldown === undefined ? {} : { ScaleOutCooldown }), ...(ScaleInCooldown === undefined ? {} : { ScaleInCooldown }) },
    scalesIn: given.DisableScaleIn !== true,
  };
}

const describe = (row: PolicyRow, PolicyARN: string): ScalingPolicy => ({
  PolicyARN,
  PolicyName: row.name,
  ServiceNamespace: row.namespace as ScalingPolicy['ServiceNamespace'],
  ResourceId: row.resourceId,
  ScalableDimension: row.dimension as ScalingPolicy['ScalableDimension'],
  PolicyType: 'TargetTrackingScaling',
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: row.targetValue,
    PredefinedMetricSpecification: { PredefinedMetricType: row.metric as 'LambdaProvisionedConcurrencyUtilization' },
    ...row.given,
    DisableScaleIn: !row.scalesIn,
  },
  Alarms: [],
  CreationTime: new Date(row.createdAtMs),
});
