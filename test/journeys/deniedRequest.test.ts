// A request is denied. The person at the terminal learns why, tries the change in the simulator, makes it, and sees later which
// of the permissions were needed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ListUsersCommand, PutUserPolicyCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { DecodeAuthorizationMessageCommand } from '@aws-sdk/client-sts';
import { createFakeTerminal } from '../../src/cli/fakeTerminal.ts';
import { runCli } from '../../src/cli/runCli.ts';
import { uniqueName } from '../support/functions.ts';
import { createLimitedUser } from '../support/limitedUser.ts';
import { useServer } from '../support/useServer.ts';

const scene = useServer();

async function haneul(...args: string[]): Promise<string> {
  const terminal = createFakeTerminal({ environment: { AWS_ENDPOINT_URL: scene().server.endpoint } });
  assert.equal(await runCli(args, terminal), 0, terminal.noted.join('\n'));
  return terminal.printed.join('\n');
}

test('a denial is explained, mended and accounted for', async () => {
  const { aws } = scene();
  const condition = { StringEquals: { 'aws:UserAgent': 'somebody else' } };
  const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: ['iam:ListUsers', 'iam:GetUser'], Resource: '*', Condition: condition }]);
  const userName = user.arn.split('/').at(-1) ?? '';

  const refusal = await user.clients.iam.send(new ListUsersCommand({})).then(
    () => assert.fail('it was allowed'),
    (error: { $metadata: { requestId?: string }; $response?: { headers: Record<string, string> } }) => error,
  );
  const requestId = refusal.$metadata.requestId ?? '';

  assert.match(await haneul('why'), new RegExp(`${requestId}.*is not authorized to perform: iam:ListUsers`));
  const why = await haneul('why', requestId);
  assert.match(why, /No identity-based policy allows it\. Looked at:\n {2}inline:only-this/);
  assert.match(why, /Nearly: inline:only-this, statement 1, but aws:useragent is .* and stringequals wants somebody else/);
  assert.match(why, /aws:username = /);

  const EncodedMessage = refusal.$response?.headers['x-haneul-authorization-message'];
  const { DecodedMessage = '' } = await aws.sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage }));
  assert.equal((JSON.parse(DecodedMessage) as { haneul: { requestId: string } }).haneul.requestId, requestId);

  const repaired = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['iam:ListUsers', 'iam:GetUser'], Resource: '*' }] });
  const simulated = await aws.iam.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn: user.arn, ActionNames: ['iam:ListUsers'], PolicyInputList: [repaired] }));
  assert.equal(simulated.EvaluationResults?.[0]?.EvalDecision, 'allowed');
  await aws.iam.send(new PutUserPolicyCommand({ UserName: userName, PolicyName: 'only-this', PolicyDocument: repaired }));
  await user.clients.iam.send(new ListUsersCommand({}));

  const report = await haneul('access-report', user.arn);
  assert.match(report, /iam .*: 1 of 2 allowed actions used\n.*used.*iam:ListUsers.*\n.*never.*iam:GetUser/);
});

test('what is refused to a service that acts by itself is explained too', async () => {
  const { aws } = scene();
  const Bucket = uniqueName('bucket');
  await aws.s3.send(new CreateBucketCommand({ Bucket }));
  const { QueueUrl } = await aws.sqs.send(new CreateQueueCommand({ QueueName: uniqueName('queue') }));
  const QueueArn = (await aws.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))).Attributes?.['QueueArn'] ?? '';
  const statement = (Effect: string) => ({ Sid: 'FromBuckets', Effect, Principal: { Service: 's3.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: QueueArn });
  const setPolicy = (Effect: string) => aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement(Effect)] }) } }));
  await setPolicy('Allow');
  await aws.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { QueueConfigurations: [{ QueueArn, Events: ['s3:ObjectCreated:*'] }] } }));
  await setPolicy('Deny');
  await aws.s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
  const sentence = `is not authorized to perform: sqs:sendmessage on resource: ${QueueArn} with an explicit deny`;
  let listed = '';
  // The event is delivered after the answer; the test ends it if that never happens.
  while (!listed.includes(sentence)) listed = await haneul('why');
  const requestId = /([0-9a-f-]{36})/.exec(listed.split('\n').find((line) => line.includes(sentence)) ?? '')?.[1] ?? '';
  const why = await haneul('why', requestId);
  assert.match(why, /FromBuckets/);
  assert.match(why, new RegExp(`aws:sourcearn = arn:aws:s3:::${Bucket}`));
});
