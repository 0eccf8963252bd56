import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';

const logGroupName = '/app';

async function prepare(groups: readonly string[] = [logGroupName], messages: readonly string[] = ['{"n":1}', '{"n":2}', '{"n":3}']): Promise<TestLogs> {
  const logs = createTestLogs();
  for (const group of groups) {
    await logs.run('CreateLogGroup', { logGroupName: group });
    await logs.run('CreateLogStream', { logGroupName: group, logStreamName: 's' });
    await logs.run('PutLogEvents', { logGroupName: group, logStreamName: 's', logEvents: messages.map((message, at) => ({ timestamp: logs.clock.now() + at, message })) });
  }
  return logs;
}

/** The whole of the time there is, in seconds. */
const always = (logs: TestLogs) => ({ startTime: 0, endTime: Math.ceil(logs.clock.now() / 1_000) + 3_600 });

async function query(logs: TestLogs, queryString: string, more: object = { logGroupName }) {
  const { queryId = '' } = await logs.run('StartQuery', { queryString, ...always(logs), ...more });
  await logs.queries.settle();
  return { queryId, ...(await logs.run('GetQueryResults', { queryId })) };
}

test('startQuery runs in the background, and getQueryResults answers rows and what was looked at', async () => {
  const logs = await prepare();
  const { queryId, status, results, statistics } = await query(logs, 'fields n | filter n > 1 | sort n asc');
  assert.equal(status, 'Complete');
  assert.deepEqual(results?.map((row) => row.map(({ field }) => field)), [['n', '@ptr'], ['n', '@ptr']]);
  assert.deepEqual(results?.map(([first]) => first?.value), ['2', '3']);
  assert.deepEqual([statistics?.recordsMatched, statistics?.recordsScanned, statistics?.bytesScanned, statistics?.logGroupsScanned], [2, 3, 3 * 33, 1]);
  const first = await logs.run('GetQueryResults', { queryId, maxItems: 1 });
  const second = await logs.run('GetQueryResults', { queryId, maxItems: 1, nextToken: first.nextToken });
  assert.deepEqual([first.results?.[0]?.[0]?.value, second.results?.[0]?.[0]?.value, second.nextToken], ['2', '3', undefined]);
  assert.deepEqual((await logs.run('ListLogGroupsForQuery', { queryId })).logGroupIdentifiers, [logGroupName]);
});

test('startQuery reads several groups, a time range to its last second, and what has not expired', async () => {
  const logs = await prepare(['/a', '/b']);
  const names = ['/a', '/b'];
  const { results } = await query(logs, 'stats count(*) as n by @log | sort @log', { logGroupNames: names });
  assert.deepEqual(results?.map((row) => row.map(({ value }) => value)), [['000000000000:/a', '3'], ['000000000000:/b', '3']]);
  const second = Math.floor(logs.clock.now() / 1_000);
  assert.equal((await query(logs, 'fields @message', { logGroupName: '/a', startTime: second, endTime: second })).results?.length, 3);
  assert.equal((await query(logs, 'fields @message', { logGroupName: '/a', startTime: logs.clock.now() + 1, endTime: logs.clock.now() + 1 })).results?.length, 1);
  assert.equal((await query(logs, 'fields @message', { logGroupIdentifiers: ['arn:aws:logs:us-east-1:000000000000:log-group:/a'], limit: 2 })).results?.length, 2);
  await logs.run('PutRetentionPolicy', { logGroupName: '/a', retentionInDays: 1 });
  logs.clock.advance(2 * 86_400_000);
  assert.equal((await query(logs, 'fields @message', { logGroupName: '/a' })).results?.length, 0);
});

test('startQuery refuses what is no query, with the place, and what it cannot query', async () => {
  const logs = await prepare();
  await assert.rejects(query(logs, 'fields @message | nope'), (error: { code?: string; members?: Record<string, unknown> }) => {
    assert.equal(error.code, 'MalformedQueryException');
    assert.deepEqual(error.members, { queryCompileError: { location: { startCharOffset: 18, endCharOffset: 22 }, message: 'unexpected symbol found n at line 1 and position 19' } });
    return true;
  });
  const refuse = (more: object, code: string) => assert.rejects(query(logs, 'fields @message', more), { code });
  await refuse({ logGroupName: '/none' }, 'ResourceNotFoundException');
  await refuse({}, 'InvalidParameterException');
  await refuse({ logGroupName, logGroupNames: [logGroupName] }, 'InvalidParameterException');
  await refuse({ logGroupNames: Array.from({ length: 51 }, (_, at) => `/g${at}`) }, 'InvalidParameterException');
  await refuse({ logGroupName, startTime: 2, endTime: 1 }, 'InvalidParameterException');
  await refuse({ logGroupName, queryLanguage: 'SQL' }, 'InvalidParameterException');
  await assert.rejects(logs.run('GetQueryResults', { queryId: 'none' }), { code: 'ResourceNotFoundException' });
});

test('stopQuery ends a query that has not ended, describeQueries tells of both', async () => {
  const logs = await prepare();
  const { queryId: ended } = await query(logs, 'stats count(*)');
  await assert.rejects(logs.run('StopQuery', { queryId: ended }), { code: 'InvalidParameterException' });
  logs.clock.advance(1_000);
  const { queryId = '' } = await logs.run('StartQuery', { logGroupName, queryString: 'fields n', ...always(logs) });
  assert.deepEqual(await logs.run('StopQuery', { queryId }), { success: true });
  await logs.queries.settle();
  assert.equal((await logs.run('GetQueryResults', { queryId })).status, 'Cancelled');
  const { queries = [] } = await logs.run('DescribeQueries', {});
  assert.deepEqual(queries.map((found) => [found.queryId, found.status, found.logGroupName]), [[queryId, 'Cancelled', logGroupName], [ended, 'Complete', logGroupName]]);
  assert.deepEqual((await logs.run('DescribeQueries', { status: 'Complete' })).queries?.map((found) => found.queryId), [ended]);
  assert.deepEqual((await logs.run('DescribeQueries', { logGroupName: '/other' })).queries, []);
  const page = await logs.run('DescribeQueries', { maxResults: 1 });
  assert.deepEqual((await logs.run('DescribeQueries', { nextToken: page.nextToken })).queries?.map((found) => found.queryId), [ended]);
  await assert.rejects(logs.run('StopQuery', { queryId: 'none' }), { code: 'ResourceNotFoundException' });
});

test('startQuery takes up again after a restart what has not ended', async () => {
  const logs = await prepare();
  await logs.queries.close();
  const { queryId = '' } = await logs.run('StartQuery', { logGroupName, queryString: 'fields n', ...always(logs) });
  assert.equal((await logs.run('GetQueryResults', { queryId })).status, 'Scheduled');
  const next = logs.openQueries();
  await next.resume();
  await next.settle();
  assert.equal((await logs.run('GetQueryResults', { queryId })).results?.length, 3);
});

test('startQuery ends a query whose regular expression does not end', async () => {
  const logs = await prepare();
  await logs.queries.close();
  const { queryId = '' } = await logs.run('StartQuery', { logGroupName, queryString: 'filter @message like /(a+)+b/', ...always(logs) });
  const hanging = logs.openQueries({ runTask: (_module, _task, { signal } = {}) => new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('ended')))) });
  await hanging.resume();
  while ((await logs.run('GetQueryResults', { queryId })).status !== 'Running') await new Promise((resolve) => setImmediate(resolve));
  const settled = hanging.settle();
  let done = false;
  void settled.then(() => (done = true));
  while (!done) {
    logs.wall.advance(20_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await logs.run('GetQueryResults', { queryId })).status, 'Timeout');
});

test('startQuery serves a hundred at once', async () => {
  const logs = createTestLogs({ weak: false });
  await logs.run('CreateLogGroup', { logGroupName });
  await logs.queries.close();
  const start = () => logs.run('StartQuery', { logGroupName, queryString: '', ...always(logs) });
  for (let count = 0; count < 100; count += 1) await start();
  await assert.rejects(start(), { code: 'LimitExceededException' });
});
