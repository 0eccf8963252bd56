import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { EnvelopeDraft } from '../../../ports/outbox.ts';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';

const logGroupName = '/app';
const logStreamName = 'one';
const destinationArn = 'arn:aws:lambda:us-east-1:000000000000:function:alert';

async function prepare(): Promise<TestLogs> {
  const logs = createTestLogs();
  logs.functions.add(destinationArn);
  await logs.run('CreateLogGroup', { logGroupName });
  await logs.run('CreateLogStream', { logGroupName, logStreamName });
  return logs;
}

const subscribe = (logs: TestLogs, filterPattern: string, filterName = 'errors') => logs.run('PutSubscriptionFilter', { logGroupName, filterName, filterPattern, destinationArn });

const put = (logs: TestLogs, ...messages: string[]) => logs.run('PutLogEvents', { logGroupName, logStreamName, logEvents: messages.map((message) => ({ timestamp: logs.clock.now(), message })) });

interface Message {
  readonly logEvents: { readonly id: string; readonly message: string; readonly extractedFields?: object }[];
  readonly [name: string]: unknown;
}

function unpack({ payload }: EnvelopeDraft): Message {
  const { awslogs } = JSON.parse(Buffer.from(payload).toString('utf8')) as { awslogs: { data: string } };
  return JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')).toString('utf8')) as Message;
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
test('putSubscriptionFilter forwards the events that match, packed, in the name of the service', async () => {
  const logs = await prepare();
  await subscribe(logs, 'ERROR');
  await put(logs, 'INFO a', 'ERROR b', 'ERROR c');
  const told = await logs.forward();
  assert.equal(told.length, 1);
  assert.deepEqual([told[0]?.target, told[0]?.sourceArn, told[0]?.callingPrincipal, told[0]?.maximumAgeMs], [destinationArn, 'arn:aws:logs:us-east-1:000000000000:log-group:/app:*', 'logs.amazonaws.com', 86_400_000]);
  const { logEvents, ...head } = unpack(told[0] as EnvelopeDraft);
  assert.deepEqual(head, { messageType: 'DATA_MESSAGE', owner: '000000000000', logGroup: '/app', logStream: 'one', subscriptionFilters: ['errors'] });
  const { events = [] } = await logs.run('FilterLogEvents', { logGroupName, filterPattern: 'ERROR' });
  assert.deepEqual(logEvents, events.map(({ eventId, timestamp, message }) => ({ id: eventId, timestamp, message })));
  assert.deepEqual(logs.recorded.filter(({ name }) => name.startsWith('Forwarded')).map(({ name, value, dimensions }) => [name, value > 0, dimensions['FilterName']]), [['ForwardedLogEvents', true, 'errors'], ['ForwardedBytes', true, 'errors']]);
});

test('putSubscriptionFilter tells nobody where nothing matches or nobody follows', async () => {
  const logs = await prepare();
  await put(logs, 'ERROR before');
  await subscribe(logs, 'ERROR');
  await put(logs, 'INFO a');
  assert.deepEqual(await logs.forward(), []);
  await logs.run('DeleteSubscriptionFilter', { logGroupName, filterName: 'errors' });
  await put(logs, 'ERROR after');
  assert.deepEqual(await logs.forward(), []);
});

test('putSubscriptionFilter goes on where the function no longer lets the service in, for the function to refuse', async () => {
  const logs = await prepare();
  await subscribe(logs, 'ERROR');
  logs.functions.clear();
  await put(logs, 'ERROR');
  assert.equal((await logs.forward())[0]?.callingPrincipal, 'logs.amazonaws.com');
  assert.deepEqual(logs.recorded.map(({ name }) => name), ['DeliveryErrors']);
});

test('putSubscriptionFilter names the fields of a space-delimited pattern, and forwards long messages whole', async () => {
  const logs = await prepare();
  await subscribe(logs, '[level, text]');
  await subscribe(logs, 'zz', 'long');
  const long = `zz${'x'.repeat(200_000)}`;
  await put(logs, 'WARN slow', ...Array.from({ length: 4 }, () => long));
  const told = (await logs.forward()).map(unpack);
  assert.deepEqual(told[0]?.logEvents.map(({ extractedFields }) => extractedFields), [{ level: 'WARN', text: 'slow' }]);
  // One message holds no more than 640 KB of events.
  assert.deepEqual(told.slice(1).map(({ logEvents }) => logEvents.length), [3, 1]);
  assert.ok(told.slice(1).every(({ logEvents }) => logEvents.every(({ message }) => message === long)));
});

test('putSubscriptionFilter refuses what AWS refuses', async () => {
  const logs = await prepare();
  const refuse = (more: object, message: string | RegExp, code = 'InvalidParameterException') =>
    assert.rejects(logs.run('PutSubscriptionFilter', { logGroupName, filterName: 'f', filterPattern: '', destinationArn, ...more }), { code, message });
  const lambdaRefuses = 'Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.';
  await refuse({ destinationArn: `${destinationArn}-other` }, lambdaRefuses);
  await refuse({ roleArn: 'arn:aws:iam::000000000000:role/r' }, 'destinationArn for vendor lambda cannot be used with roleArn');
  const stream = 'arn:aws:kinesis:us-east-1:000000000000:stream/s';
  await refuse({ destinationArn: stream }, 'destinationArn for vendor kinesis cannot be used without roleArn');
  await refuse({ destinationArn: stream, roleArn: 'arn:aws:iam::000000000000:role/r' }, /^Could not deliver test message to specified Kinesis stream/);
  await refuse({ destinationArn: 'arn:aws:sqs:us-east-1:000000000000:q' }, /vendor sqs/);
  await refuse({ destinationArn: 'arn:aws:logs:us-east-1:000000000000:destination:d' }, 'The specified resource does not exist.', 'ResourceNotFoundException');
  await refuse({ destinationArn: 'no arn' }, 'Invalid destinationArn.');
  await refuse({ filterPattern: '{ $.a = ' }, 'Invalid filter pattern');
  await refuse({ applyOnTransformedLogs: true }, /applyOnTransformedLogs/);
  await refuse({ emitSystemFields: ['@aws.account'] }, /emitSystemFields/);
  await refuse({ logGroupName: '/none' }, 'The specified log group does not exist.', 'ResourceNotFoundException');
  await logs.run('CreateLogGroup', { logGroupName: '/aws/lambda/alert' });
  await refuse({ logGroupName: '/aws/lambda/alert' }, /invoke itself without end/);
  const elsewhere = destinationArn.replace('us-east-1', 'eu-west-1');
  logs.functions.add(elsewhere);
  await logs.run('PutSubscriptionFilter', { logGroupName: '/aws/lambda/alert', filterName: 'f', filterPattern: '', destinationArn: elsewhere });
});

test('describeSubscriptionFilters tells of at most two, and deleteSubscriptionFilter makes room', async () => {
  const logs = await prepare();
  await subscribe(logs, 'a', 'one');
  await subscribe(logs, 'b', 'two');
  await subscribe(logs, 'c', 'two');
  await assert.rejects(subscribe(logs, 'd', 'three'), { code: 'LimitExceededException', message: 'Resource limit exceeded.' });
  const first = await logs.run('DescribeSubscriptionFilters', { logGroupName, limit: 1 });
  const second = await logs.run('DescribeSubscriptionFilters', { logGroupName, limit: 1, nextToken: first.nextToken });
  assert.deepEqual([first, second].map(({ subscriptionFilters = [] }) => subscriptionFilters.map(({ filterName, filterPattern, distribution }) => [filterName, filterPattern, distribution])), [[['one', 'a', 'ByLogStream']], [['two', 'c', 'ByLogStream']]]);
  assert.equal(second.nextToken, undefined);
  await logs.run('DeleteSubscriptionFilter', { logGroupName, filterName: 'one' });
  await assert.rejects(logs.run('DeleteSubscriptionFilter', { logGroupName, filterName: 'one' }), { code: 'ResourceNotFoundException', message: 'The specified subscription filter does not exist.' });
  await subscribe(logs, 'd', 'three');
  // What a group had is gone with it.
  await logs.run('DeleteLogGroup', { logGroupName });
  await logs.run('CreateLogGroup', { logGroupName });
  assert.deepEqual((await logs.run('DescribeSubscriptionFilters', { logGroupName })).subscriptionFilters, []);
});
