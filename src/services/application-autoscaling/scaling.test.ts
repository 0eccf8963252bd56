import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PutScalingPolicyCommandInput, PutScheduledActionCommandInput } from '@aws-sdk/client-application-auto-scaling';
import { createFakeClock } from '../../base/clock.ts';
import { ServiceError } from '../../base/errors.ts';
import { createSeededRandom } from '../../base/random.ts';
import type { Input, OperationName, Output } from '../../framework/shapes.ts';
import { createFakeTimers } from '../../framework/testing/fakeTimers.ts';
import { testCall } from '../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import type { ScalableResource } from '../../ports/scalableResource.ts';
import { createApplicationAutoscaling } from './createApplicationAutoscaling.ts';

type Client = typeof import('@aws-sdk/client-application-auto-scaling');

const target = { ServiceNamespace: 'lambda', ResourceId: 'function:hello:live', ScalableDimension: 'lambda:function:ProvisionedConcurrency' } as const;
const minute = 60_000;

/** The service over one function of which the test says how busy it is. */
function createBench() {
  const clock = createFakeClock(Date.parse('2026-01-05T00:00:00Z'));
  const random = createSeededRandom(1);
  const store = openMemoryStore({ clock, random });
  const timers = createFakeTimers(store, clock);
  const state = { capacity: 0, busy: undefined as number | undefined, most: 100 };
  const resource: ScalableResource = {
    namespace: 'lambda',
    dimension: target.ScalableDimension,
    roleSuffix: 'LambdaConcurrency',
    noun: 'desired concurrency',
    metrics: { LambdaProvisionedConcurrencyUtilization: { min: 0.1, max: 0.9 } },
    describe: async (_tx, _place, id) => (id === target.ResourceId ? { capacity: state.capacity, status: 'fulfilled' } : undefined),
    async setCapacity(tx, _place, _id, capacity) {
      if (capacity > state.most) throw new ServiceError('InvalidParameterValueException', 'too much');
      tx.afterCommit(() => void (state.capacity = capacity));
    },
    peak: () => state.busy,
  };
  const service = createApplicationAutoscaling({ store, clock, random, timers, resources: [resource] });
  async function run<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>): Promise<Output<Client, Name>> {
    const operation = service.find(name);
    assert.ok(operation, name);
    const call = testCall({ nowMs: clock.now() });
    if (operation.access !== 'public') await operation.access(input as object, call);
    return (await operation.handle(input as object, call)) as Output<Client, Name>;
  }
  const causes = async (): Promise<string[]> => ((await run('DescribeScalingActivities', { ServiceNamespace: 'lambda' })).ScalingActivities ?? []).map(({ StatusCode, Cause }) => `${StatusCode}: ${Cause}`);
  return { clock, timers, state, run, causes, register: (MinCapacity: number, MaxCapacity: number) => run('RegisterScalableTarget', { ...target, MinCapacity, MaxCapacity }) };
}

const tracking = (TargetValue: number, more: object = {}): PutScalingPolicyCommandInput => ({
  ...target,
  PolicyName: 'half',
  PolicyType: 'TargetTrackingScaling',
  TargetTrackingScalingPolicyConfiguration: { TargetValue, PredefinedMetricSpecification: { PredefinedMetricType: 'LambdaProvisionedConcurrencyUtilization' }, ...more },
});

const action = (ScheduledActionName: string, Schedule: string, more: Partial<PutScheduledActionCommandInput> = {}): PutScheduledActionCommandInput => ({
  ...target,
  ScheduledActionName,
  Schedule,
  ScalableTargetAction: { MinCapacity: 4, MaxCapacity: 8 },
  ...more,
});

test('RegisterScalableTarget brings a resource within its bounds, and DescribeScalableTargets tells them', async () => {
  const { run, state, causes, register } = createBench();
  const { ScalableTargetARN } = await register(2, 5);
  assert.match(ScalableTargetARN ?? '', /^arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target\/[0-9a-f]{36}$/);
  assert.equal(state.capacity, 2);
  await run('RegisterScalableTarget', { ...target, MinCapacity: 3, SuspendedState: { ScheduledScalingSuspended: true } });
  const { ScalableTargets: [seen] = [] } = await run('DescribeScalableTargets', { ServiceNamespace: 'lambda' });
  assert.deepEqual([seen?.MinCapacity, seen?.MaxCapacity, seen?.SuspendedState?.ScheduledScalingSuspended, seen?.ScalableTargetARN], [3, 5, true, ScalableTargetARN]);
  assert.deepEqual(await causes(), ['Successful: minimum capacity was set to 3', 'Successful: minimum capacity was set to 2']);
  await assert.rejects(register(6, 5), { code: 'ValidationException', message: 'Maximum capacity cannot be less than minimum capacity' });
  await assert.rejects(run('RegisterScalableTarget', { ...target, ResourceId: 'function:absent:live', MinCapacity: 1, MaxCapacity: 2 }), { code: 'ValidationException' });
  const table = { ServiceNamespace: 'dynamodb', ResourceId: 'table/a', ScalableDimension: 'dynamodb:table:ReadCapacityUnits', MinCapacity: 1, MaxCapacity: 2 } as const;
  await assert.rejects(run('RegisterScalableTarget', table), /Haneul does not implement scaling of dynamodb:table:ReadCapacityUnits yet\.$/);
  await assert.rejects(run('RegisterScalableTarget', { ...table, ServiceNamespace: 'lambda' }), /Unsupported service namespace, resource type or scalable dimension$/);
  state.most = 3;
  await register(4, 5);
  assert.match((await causes())[0] ?? '', /^Failed: /);
  await run('DeregisterScalableTarget', target);
  await assert.rejects(run('DeregisterScalableTarget', target), { code: 'ObjectNotFoundException' });
});

test('PutScalingPolicy scales out after three busy minutes and in after fifteen idle ones, within the bounds', async () => {
  const { run, state, causes, timers, register } = createBench();
  await register(2, 10);
  assert.match((await run('PutScalingPolicy', tracking(0.5))).PolicyARN ?? '', /^arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:[0-9a-f-]{36}:resource\/lambda\/function:hello:live:policyName\/half$/);
  state.busy = 1;
  await timers.advance(2 * minute);
  assert.equal(state.capacity, 2);
  await timers.advance(minute);
  assert.equal(state.capacity, 4);
  assert.match((await causes())[0] ?? '', /monitor alarm TargetTracking-function:hello:live-AlarmHigh-\S+ in state ALARM triggered policy half$/);
  await timers.advance(20 * minute);
  assert.equal(state.capacity, 10);
  state.busy = undefined;
  await timers.advance(60 * minute);
  assert.equal(state.capacity, 10, 'without values nothing changes');
  state.busy = 0.2;
  await timers.advance(15 * minute);
  assert.equal(state.capacity, 4);
  state.busy = 0.01;
  await timers.advance(40 * minute);
  assert.equal(state.capacity, 2);
  await run('DeleteScalingPolicy', { ...target, PolicyName: 'half' });
  state.busy = 1;
  await timers.advance(10 * minute);
  assert.equal(state.capacity, 2);
});

test('PutScalingPolicy keeps to its cooldown, DisableScaleIn and what is suspended', async () => {
  const { run, state, timers, register } = createBench();
  await register(2, 100);
  await run('PutScalingPolicy', tracking(0.5, { ScaleOutCooldown: 600, DisableScaleIn: true }));
  state.busy = 1;
  await timers.advance(12 * minute);
  assert.equal(state.capacity, 4, 'ten minutes after the first change are not over');
  await timers.advance(minute);
  assert.equal(state.capacity, 8);
  await run('RegisterScalableTarget', { ...target, SuspendedState: { DynamicScalingOutSuspended: true } });
  await timers.advance(30 * minute);
  assert.equal(state.capacity, 8);
  state.busy = 0.1;
  await timers.advance(30 * minute);
  assert.equal(state.capacity, 8);
});

test('PutScalingPolicy refuses what functions do not have', async () => {
  const { run, register } = createBench();
  await assert.rejects(run('PutScalingPolicy', tracking(0.5)), { code: 'ObjectNotFoundException' });
  await register(1, 2);
  await assert.rejects(run('PutScalingPolicy', { ...target, PolicyName: 'steps' }), /Policy type StepScaling is not supported for service namespace lambda/);
  await assert.rejects(run('PutScalingPolicy', tracking(70)), /TargetValue must be between 0\.1 and 0\.9/);
  await run('PutScalingPolicy', tracking(0.5));
  await assert.rejects(run('PutScalingPolicy', { ...tracking(0.6), PolicyName: 'other' }), /Only one TargetTrackingScaling policy/);
  const { ScalingPolicies: [policy] = [] } = await run('DescribeScalingPolicies', { ServiceNamespace: 'lambda', PolicyNames: ['half'] });
  assert.equal(policy?.TargetTrackingScalingPolicyConfiguration?.TargetValue, 0.5);
});

test('PutScheduledAction changes the bounds by the clock, in its time zone and within its time', async () => {
  const { run, state, causes, timers, register } = createBench();
  await register(1, 2);
  await run('PutScheduledAction', action('morning', 'cron(0 9 ? * MON-FRI *)', { Timezone: 'Asia/Seoul' }));
  await run('PutScheduledAction', action('night', 'cron(0 21 * * ? *)', { Timezone: 'Asia/Seoul', ScalableTargetAction: { MinCapacity: 0, MaxCapacity: 0 } }));
  await run('PutScheduledAction', action('once', 'at(2026-01-05T06:00:00)', { ScalableTargetAction: { MinCapacity: 6 } }));
  await timers.advance(6 * 60 * minute - 1);
  assert.equal(state.capacity, 1, 'nine in Seoul was midnight in UTC, just over');
  await timers.advance(1);
  assert.equal(state.capacity, 6);
  assert.deepEqual(((await run('DescribeScheduledActions', { ServiceNamespace: 'lambda' })).ScheduledActions ?? []).map(({ ScheduledActionName }) => ScheduledActionName), ['morning', 'night']);
  await timers.advance(6 * 60 * minute);
  assert.equal(state.capacity, 0, 'nine in the evening');
  await timers.advance(12 * 60 * minute);
  assert.equal(state.capacity, 4);
  assert.equal((await causes())[0], 'Successful: minimum capacity was set to 4 because scheduled action name morning was triggered');
  await run('PutScheduledAction', action('morning', 'rate(1 hour)', { EndTime: new Date('2026-01-06T02:30:00Z'), ScalableTargetAction: { MinCapacity: 7 } }));
  await timers.advance(24 * 60 * minute);
  assert.deepEqual(((await run('DescribeScheduledActions', { ServiceNamespace: 'lambda' })).ScheduledActions ?? []).map(({ ScheduledActionName }) => ScheduledActionName), ['night']);
});

test('PutScheduledAction refuses schedules that mean nothing', async () => {
  const { run, register } = createBench();
  await register(1, 2);
  await assert.rejects(run('PutScheduledAction', action('a', 'every day')), /^ServiceError: Invalid schedule: every day/);
  await assert.rejects(run('PutScheduledAction', action('a', 'at(2020-01-01T00:00:00)')), /never comes, or is over/);
  await assert.rejects(run('PutScheduledAction', action('a', 'rate(1 hour)', { Timezone: 'Mars/Base' })), /Invalid timezone: Mars\/Base/);
  await assert.rejects(run('PutScheduledAction', action('a', 'rate(1 hour)', { ScalableTargetAction: {} })), /Either MinCapacity or MaxCapacity/);
  await assert.rejects(run('DeleteScheduledAction', { ...target, ScheduledActionName: 'a' }), { code: 'ObjectNotFoundException' });
});

test('TagResource adds, UntagResource removes and ListTagsForResource tells the tags of a target', async () => {
  const { run, register } = createBench();
  const { ScalableTargetARN: ResourceARN = '' } = await register(1, 2);
  await run('TagResource', { ResourceARN, Tags: { team: 'one', stage: 'test' } });
  await run('UntagResource', { ResourceARN, TagKeys: ['stage'] });
  assert.deepEqual((await run('ListTagsForResource', { ResourceARN })).Tags, { team: 'one' });
  await assert.rejects(run('ListTagsForResource', { ResourceARN: `${ResourceARN}0` }), { code: 'ResourceNotFoundException' });
});
