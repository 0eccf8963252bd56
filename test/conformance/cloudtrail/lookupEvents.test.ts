// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CloudTrailClient, type Event, LookupEventsCommand, type LookupEventsCommandInput } from '@aws-sdk/client-cloudtrail';
import { CreateRoleCommand, GetRoleCommand } from '@aws-sdk/client-iam';
import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
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
