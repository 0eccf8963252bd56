// Provisioned concurrency of a function, scaled by the clock and by its use.
// https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html, "Managing provisioned concurrency with Application Auto Scaling"

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  ApplicationAutoScalingClient,
  DeleteScalingPolicyCommand,
  DeleteScheduledActionCommand,
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
  DescribeScheduledActionsCommand,
  ListTagsForResourceCommand,
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CreateAliasCommand, GetProvisionedConcurrencyConfigCommand, PublishVersionCommand } from '@aws-sdk/client-lambda';
import { createFunction } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

let scaling: ApplicationAutoScalingClient;
let FunctionName: string;
let target: { readonly ServiceNamespace: 'lambda'; readonly ResourceId: string; readonly ScalableDimension: 'lambda:function:ProvisionedConcurrency' };

const scene = useServer({}, async ({ aws, roleArn, server }) => {
  scaling = new ApplicationAutoScalingClient(sdkConfig(server.endpoint));
  FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => 1;' } });
  await aws.lambda.send(new PublishVersionCommand({ FunctionName }));
  await aws.lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
  target = { ServiceNamespace: 'lambda', ResourceId: `function:${FunctionName}:live`, ScalableDimension: 'lambda:function:ProvisionedConcurrency' };
});
after(() => scaling.destroy());

const requested = async (): Promise<number | undefined> =>
  (await scene().aws.lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: 'live' }))).RequestedProvisionedConcurrentExecutions;

test('a target brings its function within bounds, a scheduled action moves them, and activities tell', async () => {
  const { ScalableTargetARN: ResourceARN = '' } = await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 2, Tags: { team: 'one' } }));
  assert.equal(await requested(), 1);
  await scaling.send(
    new PutScheduledActionCommand({ ...target, ScheduledActionName: 'busy', Schedule: 'cron(0 9 * * ? *)', Timezone: 'Asia/Seoul', ScalableTargetAction: { MinCapacity: 2, MaxCapacity: 3 } }),
  );
  const { ScheduledActions: [action] = [] } = await scaling.send(new DescribeScheduledActionsCommand({ ServiceNamespace: 'lambda' }));
  assert.deepEqual([action?.ScheduledActionName, action?.Timezone], ['busy', 'Asia/Seoul']);
  await scene().server.clock.advance(24 * 3_600_000);
  for (let capacity = await requested(); capacity !== 2; capacity = await requested()) assert.equal(capacity, 1);
  const { ScalableTargets: [seen] = [] } = await scaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'lambda', ResourceIds: [target.ResourceId] }));
  assert.deepEqual([seen?.MinCapacity, seen?.MaxCapacity], [2, 3]);
  const { ScalingActivities: [activity] = [] } = await scaling.send(new DescribeScalingActivitiesCommand({ ServiceNamespace: 'lambda' }));
  assert.equal(activity?.Cause, 'minimum capacity was set to 2 because scheduled action name busy was triggered');
  await scaling.send(new DeleteScheduledActionCommand({ ...target, ScheduledActionName: 'busy' }));
  await scaling.send(new TagResourceCommand({ ResourceARN, Tags: { stage: 'test' } }));
  await scaling.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['team'] }));
  assert.deepEqual((await scaling.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags, { stage: 'test' });
});

test('a policy is target tracking of how busy the function is, and other services are refused', async () => {
  await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 2 }));
  const { PolicyARN } = await scaling.send(
    new PutScalingPolicyCommand({
      ...target,
      PolicyName: 'seventy',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: { TargetValue: 0.7, PredefinedMetricSpecification: { PredefinedMetricType: 'LambdaProvisionedConcurrencyUtilization' } },
    }),
  );
  const { ScalingPolicies: [policy] = [] } = await scaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'lambda' }));
  assert.deepEqual([policy?.PolicyARN, policy?.TargetTrackingScalingPolicyConfiguration?.TargetValue], [PolicyARN, 0.7]);
  await scaling.send(new DeleteScalingPolicyCommand({ ...target, PolicyName: 'seventy' }));
  await scaling.send(new DeregisterScalableTargetCommand(target));
  await expectRefusal(scaling.send(new DeregisterScalableTargetCommand(target)), { name: 'ObjectNotFoundException', status: 400 });
  await expectRefusal(
    scaling.send(new RegisterScalableTargetCommand({ ServiceNamespace: 'ecs', ResourceId: 'service/a/b', ScalableDimension: 'ecs:service:DesiredCount', MinCapacity: 1, MaxCapacity: 2 })),
    { name: 'ValidationException', status: 400, message: /Haneul does not implement/ },
  );
});
