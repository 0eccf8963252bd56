// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CloudTrailClient, type Event, LookupEventsCommand, type LookupEventsCommandInput } from '@aws-sdk/client-cloudtrail';
import { CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, GetRoleCommand } from '@aws-sdk/client-iam';
import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { createFunction, invoke, lambdaTrustPolicy, uniqueName, waitUntilUpdated } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

let trail: CloudTrailClient;
const scene = useServer({}, async ({ server }) => {
  trail = new CloudTrailClient(sdkConfig(server.endpoint));
});
after(() => trail?.destroy());

const lookUp = async (key: string, value: string, more: LookupEventsCommandInput = {}): Promise<Event[]> => {
  const { Events = [] } = await trail.send(new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: key as 'EventName', AttributeValue: value }], ...more }));
  return Events;
};

const recordOf = (event: Event | undefined): Record<string, unknown> => JSON.parse(event?.CloudTrailEvent ?? '{}') as Record<string, unknown>;

test('LookupEvents tells who made what, and what was refused', async () => {
  const RoleName = uniqueName('audited');
  await scene().aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy }));
  await expectRefusal(scene().aws.iam.send(new GetRoleCommand({ RoleName: `${RoleName}-absent` })), { name: 'NoSuchEntityException' });
  const [made] = await lookUp('ResourceName', RoleName);
  assert.deepEqual([made?.EventName, made?.EventSource, made?.ReadOnly, made?.Username], ['CreateRole', 'iam.amazonaws.com', 'false', 'root']);
  assert.deepEqual(made?.Resources, [{ ResourceType: 'AWS::IAM::Role', ResourceName: RoleName }]);
  const record = recordOf(made);
  assert.equal(record['eventID'], made?.EventId);
  assert.equal((record['requestParameters'] as Record<string, unknown>)['roleName'], RoleName);
  assert.equal((record['userIdentity'] as Record<string, unknown>)['type'], 'Root');
  const [refused] = await lookUp('ResourceName', `${RoleName}-absent`);
  assert.deepEqual([recordOf(refused)['errorCode'], recordOf(refused)['readOnly']], ['NoSuchEntityException', true]);
});

test('LookupEvents tells what was answered to calls that change something, without its secrets', async () => {
  const { aws } = scene();
  const UserName = uniqueName('keyed');
  const { User } = await aws.iam.send(new CreateUserCommand({ UserName }));
  const { AccessKey } = await aws.iam.send(new CreateAccessKeyCommand({ UserName }));
  const events = (await lookUp('ResourceName', UserName)).map(recordOf);
  const answerOf = (name: string): unknown => events.find((record) => record['eventName'] === name)?.['responseElements'];
  assert.deepEqual((answerOf('CreateUser') as { user: { arn: string } }).user.arn, User?.Arn);
  const { accessKey } = answerOf('CreateAccessKey') as { accessKey: Record<string, unknown> };
  assert.deepEqual([accessKey['accessKeyId'], accessKey['secretAccessKey']], [AccessKey?.AccessKeyId, 'HIDDEN_DUE_TO_SECURITY_REASONS']);
  assert.ok(!JSON.stringify(events).includes(AccessKey?.SecretAccessKey ?? 'no key'));

  const RoleName = uniqueName('assumed');
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: '000000000000' }, Action: 'sts:AssumeRole' }] });
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  const { Credentials } = await aws.sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'run' }));
  const record = (await lookUp('ResourceName', Role?.Arn ?? '')).map(recordOf).find(({ eventName }) => eventName === 'AssumeRole');
  const { credentials } = record?.['responseElements'] as { credentials: Record<string, unknown> };
  assert.deepEqual([credentials['accessKeyId'], credentials['sessionToken'], credentials['secretAccessKey']], [Credentials?.AccessKeyId, 'HIDDEN_DUE_TO_SECURITY_REASONS', 'HIDDEN_DUE_TO_SECURITY_REASONS']);
  // Reading is told without what was read.
  await aws.iam.send(new GetRoleCommand({ RoleName }));
  const read = (await lookUp('ResourceName', RoleName)).map(recordOf).find(({ eventName }) => eventName === 'GetRole');
  assert.equal(read?.['responseElements'], null);
});

test('LookupEvents shows no secret, no body and no invocation', async () => {
  const { aws, roleArn } = scene();
  const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => 1;' }, Environment: { Variables: { TOKEN: 'must-not-be-kept' } } });
  await invoke(aws.lambda, name);
  await aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { TOKEN: 'nor-this-one' } } }));
  await waitUntilUpdated(aws.lambda, name);
  const events = await lookUp('ResourceName', name);
  const names = events.map(({ EventName }) => EventName);
  assert.ok(names.includes('CreateFunction20150331') && names.includes('UpdateFunctionConfiguration20150331v2'), names.join(', '));
  assert.ok(!names.some((found) => found?.startsWith('Invoke')));
  const text = events.map(({ CloudTrailEvent }) => CloudTrailEvent).join('\n');
  assert.doesNotMatch(text, /must-not-be-kept|nor-this-one/);
  assert.match(text, /HIDDEN_DUE_TO_SECURITY_REASONS/);
});

test('LookupEvents pages from the newest to the oldest, within a span of time', async () => {
  const RoleName = uniqueName('paged');
  for (let count = 0; count < 3; count += 1) await expectRefusal(scene().aws.iam.send(new GetRoleCommand({ RoleName })), { name: 'NoSuchEntityException' });
  const ids: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await trail.send(new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: RoleName }], MaxResults: 2, NextToken }));
    ids.push(...(page.Events ?? []).map(({ EventId }) => EventId ?? ''));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  assert.equal(new Set(ids).size, 3);
  assert.equal(ids.length, 3);
  assert.deepEqual(await lookUp('ResourceName', RoleName, { EndTime: new Date(1_000) }), []);
});

test('LookupEvents refuses what it cannot look for', async () => {
  const attribute = { AttributeKey: 'EventName', AttributeValue: 'CreateRole' } as const;
  await expectRefusal(trail.send(new LookupEventsCommand({ LookupAttributes: [attribute, attribute] })), { name: 'InvalidLookupAttributesException' });
  await expectRefusal(trail.send(new LookupEventsCommand({ StartTime: new Date(2_000), EndTime: new Date(1_000) })), { name: 'InvalidTimeRangeException' });
  await expectRefusal(trail.send(new LookupEventsCommand({ NextToken: 'bm8=' })), { name: 'InvalidNextTokenException' });
});
