import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';

const logGroupName = '/app';

async function prepare(...messages: string[]): Promise<TestLogs> {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName });
  await logs.run('CreateLogStream', { logGroupName, logStreamName: 's' });
  await logs.run('PutLogEvents', { logGroupName, logStreamName: 's', logEvents: messages.map((message) => ({ timestamp: logs.clock.now(), message })) });
  return logs;
}

test('getLogRecord answers the event that a pointer of a query names, with its fields', async () => {
  const logs = await prepare('one', '{"a":{"b":[7]},"ok":true}', 'three');
  const { queryId } = await logs.run('StartQuery', { logGroupName, queryString: 'filter ok = 1', startTime: 0, endTime: logs.clock.now() + 1 });
  await logs.queries.settle();
  const { results = [] } = await logs.run('GetQueryResults', { queryId });
  const logRecordPointer = results[0]?.find(({ field }) => field === '@ptr')?.value ?? '';
  const now = String(logs.clock.now());
  assert.deepEqual((await logs.run('GetLogRecord', { logRecordPointer })).logRecord, {
    ...{ '@ptr': logRecordPointer, '@timestamp': now, '@ingestionTime': now, '@message': '{"a":{"b":[7]},"ok":true}', '@logStream': 's', '@log': '000000000000:/app' },
    ...{ 'a.b.0': '7', ok: '1' },
  });
  await logs.run('DeleteLogStream', { logGroupName, logStreamName: 's' });
  await assert.rejects(logs.run('GetLogRecord', { logRecordPointer }), { code: 'ResourceNotFoundException' });
  await assert.rejects(logs.run('GetLogRecord', { logRecordPointer: 'x' }), { code: 'InvalidParameterException' });
  await assert.rejects(logs.run('GetLogRecord', { logRecordPointer, unmask: true }), { code: 'InvalidParameterException' });
});

test('getLogGroupFields tells how often fields are there, in the last quarter of an hour or around a time', async () => {
  const logs = await prepare('{"a":1}', '{"a":2,"b":3}', 'text', 'text');
  const fields = async (more: object = {}) => Object.fromEntries(((await logs.run('GetLogGroupFields', { logGroupName, ...more })).logGroupFields ?? []).map(({ name, percent }) => [name, percent]));
  const found = { '@ingestionTime': 100, '@log': 100, '@logStream': 100, '@message': 100, '@timestamp': 100, a: 50, b: 25 };
  assert.deepEqual(await fields(), found);
  const then = Math.floor(logs.clock.now() / 1_000);
  logs.clock.advance(3_600_000);
  assert.deepEqual(await fields(), {});
  assert.deepEqual(await fields({ time: then }), found);
  await assert.rejects(logs.run('GetLogGroupFields', { logGroupName: '/none' }), { code: 'ResourceNotFoundException' });
});
