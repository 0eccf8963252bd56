import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';

const group = { logGroupName: 'g' };
const names = (streams: readonly { logStreamName?: string | undefined }[] | undefined): string => (streams ?? []).map(({ logStreamName }) => logStreamName).join(' ');

async function open(): Promise<TestLogs> {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', group);
  for (const logStreamName of ['a1', 'a2', 'b1']) await logs.run('CreateLogStream', { ...group, logStreamName });
  return logs;
}

const put = (logs: TestLogs, logStreamName: string, ...offsets: number[]) =>
  logs.run('PutLogEvents', { ...group, logStreamName, logEvents: offsets.map((offset) => ({ timestamp: logs.clock.now() + offset, message: 'm' })) });

test('describeLogStreams answers a stream as the service does', async () => {
  const logs = await open();
  const creationTime = logs.clock.now();
  logs.clock.advance(1_000);
  await put(logs, 'a1', -500, 300);
  await put(logs, 'a1', 100);
  const { logStreams = [] } = await logs.run('DescribeLogStreams', { ...group, logStreamNamePrefix: 'a1' });
  const { uploadSequenceToken, ...stream } = logStreams[0] ?? {};
  assert.match(uploadSequenceToken ?? '', /^[0-9]{56}$/);
  assert.deepEqual(stream, {
    logStreamName: 'a1',
    creationTime,
    firstEventTimestamp: logs.clock.now() - 500,
    lastEventTimestamp: logs.clock.now() + 300,
    lastIngestionTime: logs.clock.now(),
    arn: 'arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:a1',
    storedBytes: 0,
  });
});

test('describeLogStreams orders by name or by last event, both ways, page after page', async () => {
  const logs = await open();
  await put(logs, 'a2', 10);
  await put(logs, 'b1', 5);
  const all = async (input: Partial<Parameters<typeof logs.run<'DescribeLogStreams'>>[1]>): Promise<string> => {
    const pages: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await logs.run('DescribeLogStreams', { ...group, limit: 1, ...input, nextToken });
      pages.push(names(page.logStreams));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return pages.join(' ');
  };
  assert.equal(await all({}), 'a1 a2 b1');
  assert.equal(await all({ descending: true }), 'b1 a2 a1');
  assert.equal(await all({ logStreamNamePrefix: 'a', descending: true }), 'a2 a1');
  assert.equal(await all({ orderBy: 'LastEventTime' }), 'a1 b1 a2');
  assert.equal(await all({ orderBy: 'LastEventTime', descending: true }), 'a2 b1 a1');
});

test('describeLogStreams refuses a prefix with the order of time', async () => {
  const logs = await open();
  await assert.rejects(logs.run('DescribeLogStreams', { ...group, orderBy: 'LastEventTime', logStreamNamePrefix: 'a' }), {
    code: 'InvalidParameterException',
    message: 'Cannot order by LastEventTime with a logStreamNamePrefix.',
  });
});
