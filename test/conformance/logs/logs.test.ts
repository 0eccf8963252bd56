// Log groups, streams and events, put by a client and by functions.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ListLogGroupsCommand,
  paginateFilterLogEvents,
  PutLogEventsCommand,
  TestMetricFilterCommand,
  type FilterLogEventsCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import { createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

async function createStream(): Promise<{ logGroupName: string; logStreamName: string }> {
  const { aws } = scene();
  const target = { logGroupName: uniqueName('/test/group'), logStreamName: 'one' };
  await aws.logs.send(new CreateLogGroupCommand({ logGroupName: target.logGroupName }));
  await aws.logs.send(new CreateLogStreamCommand(target));
  return target;
}

const at = (offsetMs: number, message: string) => ({ timestamp: Date.now() + offsetMs, message });

async function filter(input: FilterLogEventsCommandInput): Promise<string[]> {
  const messages: string[] = [];
  for await (const page of paginateFilterLogEvents({ client: scene().aws.logs }, input)) for (const event of page.events ?? []) messages.push(event.message ?? '');
  return messages;
}

suite('log groups', () => {
  test('are created once, described by prefix, and deleted', async () => {
    const { aws } = scene();
    const logGroupName = uniqueName('/test/group');
    await aws.logs.send(new CreateLogGroupCommand({ logGroupName }));
    await expectRefusal(aws.logs.send(new CreateLogGroupCommand({ logGroupName })), { name: 'ResourceAlreadyExistsException', status: 400, message: 'The specified log group already exists' });
    const { logGroups } = await aws.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
    assert.equal(logGroups?.length, 1);
    assert.equal(logGroups[0]?.arn, `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}:*`);
    await aws.logs.send(new DeleteLogGroupCommand({ logGroupName }));
    await expectRefusal(aws.logs.send(new DeleteLogGroupCommand({ logGroupName })), { name: 'ResourceNotFoundException', status: 400, message: 'The specified log group does not exist.' });
  });
  test('have names of the documented form', async () => {
    await expectRefusal(scene().aws.logs.send(new CreateLogGroupCommand({ logGroupName: 'no spaces' })), { name: 'InvalidParameterException', status: 400, message: /'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern/ });
  });
  test('have names of at most 512 characters', async () => {
    const { aws } = scene();
    const longest = uniqueName('/long').padEnd(512, 'x');
    await aws.logs.send(new CreateLogGroupCommand({ logGroupName: longest }));
    // The model's own check comes first, in the words of all constraints (recorded in public test suites).
    const logGroupName = `${longest}x`;
    const message = `1 validation error detected: Value '${logGroupName}' at 'logGroupName' failed to satisfy constraint: Member must have length less than or equal to 512`;
    await expectRefusal(aws.logs.send(new CreateLogGroupCommand({ logGroupName })), { name: 'InvalidParameterException', status: 400, message });
  });
  test('are listed by patterns and tags', async () => {
    const { aws } = scene();
    const name = uniqueName('/listed');
    const mark = name.slice(-12);
    await aws.logs.send(new CreateLogGroupCommand({ logGroupName: name, tags: { mark } }));
    const expected = [{ logGroupName: name, logGroupArn: `arn:aws:logs:us-east-1:000000000000:log-group:${name}`, logGroupClass: 'STANDARD' }];
    assert.deepEqual((await aws.logs.send(new ListLogGroupsCommand({ logGroupNamePattern: `absent|${mark}` }))).logGroups, expected);
    assert.deepEqual((await aws.logs.send(new ListLogGroupsCommand({ logGroupNamePattern: `^${mark}` }))).logGroups, []);
    assert.deepEqual((await aws.logs.send(new ListLogGroupsCommand({ logGroupTags: [{ key: 'mark', values: [mark] }] }))).logGroups, expected);
  });
  test('pages hold at most the limit', async () => {
    const { aws } = scene();
    const prefix = uniqueName('/paged');
    for (const index of [1, 2, 3]) await aws.logs.send(new CreateLogGroupCommand({ logGroupName: `${prefix}/${index}` }));
    const first = await aws.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: prefix, limit: 2 }));
    assert.deepEqual(first.logGroups?.map((group) => group.logGroupName), [`${prefix}/1`, `${prefix}/2`]);
    const rest = await aws.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: prefix, limit: 2, nextToken: first.nextToken }));
    assert.deepEqual([rest.logGroups?.map((group) => group.logGroupName), rest.nextToken], [[`${prefix}/3`], undefined]);
  });
});

suite('PutLogEvents and GetLogEvents', () => {
  test('events come back in order, from head or tail', async () => {
    const { aws } = scene();
    const target = await createStream();
    await aws.logs.send(new PutLogEventsCommand({ ...target, logEvents: [at(-3_000, 'first'), at(-2_000, 'second'), at(-1_000, 'third')] }));
    const head = await aws.logs.send(new GetLogEventsCommand({ ...target, startFromHead: true, limit: 2 }));
    assert.deepEqual(head.events?.map((event) => event.message), ['first', 'second']);
    const next = await aws.logs.send(new GetLogEventsCommand({ ...target, startFromHead: true, nextToken: head.nextForwardToken }));
    assert.deepEqual(next.events?.map((event) => event.message), ['third']);
    // "If you have reached the end of the stream, it returns the same token you passed in" (API reference, nextForwardToken).
    const end = await aws.logs.send(new GetLogEventsCommand({ ...target, startFromHead: true, nextToken: next.nextForwardToken }));
    assert.deepEqual([end.events, end.nextForwardToken], [[], next.nextForwardToken]);
    const tail = await aws.logs.send(new GetLogEventsCommand({ ...target, limit: 1 }));
    assert.deepEqual(tail.events?.map((event) => event.message), ['third']);
  });
  test('events out of order within one request are refused', async () => {
    const target = await createStream();
    await expectRefusal(scene().aws.logs.send(new PutLogEventsCommand({ ...target, logEvents: [at(0, 'later'), at(-5_000, 'earlier')] })), {
      name: 'InvalidParameterException',
      status: 400,
      message: 'Log events in a single PutLogEvents request must be in chronological order.',
    });
  });
  test('events that are too old or too new are told, the rest is kept', async () => {
    const { aws } = scene();
    const target = await createStream();
    const day = 24 * 60 * 60_000;
    const { rejectedLogEventsInfo } = await aws.logs.send(new PutLogEventsCommand({ ...target, logEvents: [at(-15 * day, 'old'), at(0, 'now'), at(3 * 60 * 60_000, 'new')] }));
    assert.deepEqual([rejectedLogEventsInfo?.tooOldLogEventEndIndex, rejectedLogEventsInfo?.tooNewLogEventStartIndex], [1, 2]);
    assert.deepEqual(await filter({ logGroupName: target.logGroupName }), ['now']);
  });
  test('a group or stream that does not exist is told apart', async () => {
    const { aws } = scene();
    const target = await createStream();
    const logEvents = [at(0, 'x')];
    await expectRefusal(aws.logs.send(new PutLogEventsCommand({ ...target, logGroupName: '/absent', logEvents })), { name: 'ResourceNotFoundException', status: 400, message: 'The specified log group does not exist.' });
    await expectRefusal(aws.logs.send(new PutLogEventsCommand({ ...target, logStreamName: 'absent', logEvents })), { name: 'ResourceNotFoundException', status: 400, message: 'The specified log stream does not exist.' });
  });
});

suite('FilterLogEvents', () => {
  test('filters by pattern, time and stream', async () => {
    const { aws } = scene();
    const target = await createStream();
    const { logGroupName } = target;
    await aws.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 'two' }));
    const now = Date.now();
    const put = (logStreamName: string, logEvents: { timestamp: number; message: string }[]) => aws.logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
    await put('one', [{ timestamp: now - 9_000, message: 'ERROR disk full' }, { timestamp: now - 5_000, message: '{"level":"WARN","ms":120}' }]);
    await put('two', [{ timestamp: now - 7_000, message: 'INFO all well' }, { timestamp: now - 1_000, message: '{"level":"INFO","ms":7}' }]);
    const all = ['ERROR disk full', 'INFO all well', '{"level":"WARN","ms":120}', '{"level":"INFO","ms":7}'];
    assert.deepEqual(await filter({ logGroupName }), all, 'all streams, by time');
    assert.deepEqual(await filter({ logGroupName, limit: 1 }), all, 'one event a page');
    assert.deepEqual(await filter({ logGroupName, filterPattern: 'ERROR' }), [all[0]]);
    assert.deepEqual(await filter({ logGroupName, filterPattern: '?ERROR ?INFO' }), [all[0], all[1], all[3]]);
    assert.deepEqual(await filter({ logGroupName, filterPattern: '"disk full"' }), [all[0]]);
    assert.deepEqual(await filter({ logGroupName, filterPattern: '-ERROR' }), all.slice(1));
    assert.deepEqual(await filter({ logGroupName, filterPattern: '{ $.ms > 100 }' }), [all[2]]);
    assert.deepEqual(await filter({ logGroupName, filterPattern: '{ $.level = "INFO" || $.ms = 120 }' }), [all[2], all[3]]);
    assert.deepEqual(await filter({ logGroupName, startTime: now - 7_000, endTime: now - 5_000 }), [all[1], all[2]]);
    assert.deepEqual(await filter({ logGroupName, logStreamNames: ['two'] }), [all[1], all[3]]);
    assert.deepEqual(await filter({ logGroupName, logStreamNamePrefix: 'o' }), [all[0], all[2]]);
  });
  test('patterns can be tried without a group', async () => {
    const logEventMessages = ['127.0.0.1 - 404', '127.0.0.1 - 200'];
    const { matches } = await scene().aws.logs.send(new TestMetricFilterCommand({ filterPattern: '[ip, user, status = 4*]', logEventMessages }));
    assert.deepEqual(matches, [{ eventNumber: 1, eventMessage: logEventMessages[0], extractedValues: { $ip: '127.0.0.1', $user: '-', $status: '404' } }]);
  });
  test('a malformed pattern is refused', async () => {
    const { logGroupName } = await createStream();
    await expectRefusal(scene().aws.logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern: '{ $.ms > ' })), { name: 'InvalidParameterException', status: 400, message: /filter pattern/i });
  });
  test('a group that does not exist is not found', async () => {
    await expectRefusal(scene().aws.logs.send(new FilterLogEventsCommand({ logGroupName: '/absent' })), { name: 'ResourceNotFoundException', status: 400, message: 'The specified log group does not exist.' });
  });
});

suite('the output of functions', () => {
  test('is a stream per environment, in the form of AWS', async () => {
    const { aws, roleArn } = scene();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': "exports.handler = async () => console.log('one\\ntwo');" } });
    const { requestId } = await invoke(aws.lambda, name);
    const logGroupName = `/aws/lambda/${name}`;
    const lines = await eventually(() => filter({ logGroupName }).catch(() => []), (messages) => messages.some((message) => message.startsWith('REPORT')));
    assert.deepEqual(
      lines.map((line) => line.split(/[ :\t]/)[0]),
      ['INIT_START', 'START', lines[2]?.split(/[ :\t]/)[0], 'END', 'REPORT'],
      lines.join(''),
    );
    assert.match(lines[0] ?? '', /^INIT_START Runtime Version: nodejs:22\.\S+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]+\n?$/);
    assert.equal(lines[1], `START RequestId: ${requestId} Version: $LATEST\n`);
    assert.match(lines[2] ?? '', new RegExp(`^\\d{4}-[^\t]+Z\t${requestId}\tINFO\tone.two\n$`, 's'), 'one console.log is one event');
    assert.equal(lines[3], `END RequestId: ${requestId}\n`);
    const { logStreams } = await aws.logs.send(new DescribeLogStreamsCommand({ logGroupName }));
    assert.equal(logStreams?.length, 1);
  });
});

suite('logs: authorisation', () => {
  test('reading asks for logs:FilterLogEvents on the group', async () => {
    const { logGroupName } = await createStream();
    const user = await createLimitedUser(scene(), []);
    const error = await expectRefusal(user.clients.logs.send(new FilterLogEventsCommand({ logGroupName })), { name: 'AccessDeniedException', status: 400 });
    assert.equal(
      error.message,
      `User: ${user.arn} is not authorized to perform: logs:FilterLogEvents on resource: arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}:log-stream: because no identity-based policy allows the logs:FilterLogEvents action`,
    );
    user.clients.destroy();
  });
});

// Function output is written in batches within 100 ms of its arrival (design.md §7).
async function eventually<T>(look: () => Promise<T>, enough: (seen: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const seen = await look();
    if (enough(seen) || attempt === 50) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
