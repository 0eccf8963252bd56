import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

const match = async (filterPattern: string, ...logEventMessages: string[]) => (await createTestLogs().run('TestMetricFilter', { filterPattern, logEventMessages })).matches;

test('testMetricFilter answers the messages that match, by number', async () => {
  assert.deepEqual(await match('ERROR', 'ERROR one', 'INFO two', 'ERROR three'), [
    { eventNumber: 1, eventMessage: 'ERROR one', extractedValues: {} },
    { eventNumber: 3, eventMessage: 'ERROR three', extractedValues: {} },
  ]);
});

test('testMetricFilter extracts the fields of a space-delimited pattern, by name or by place', async () => {
  const message = '127.0.0.1 - [10/Oct/2000:13:25:15 -0700] "GET / HTTP/1.0" 404 2326';
  const [found] = (await match('[ip, , time, ..., status = 4*, size]', message)) ?? [];
  assert.deepEqual(found?.extractedValues, { $ip: '127.0.0.1', $2: '-', $time: '10/Oct/2000:13:25:15 -0700', $4: 'GET / HTTP/1.0', $status: '404', $size: '2326' });
});

test('testMetricFilter extracts the properties that a JSON pattern names', async () => {
  const [found] = (await match('{ $.a.b = 1 || $.list[0] = "x" || $.absent = *}', '{"a":{"b":1},"list":["y"],"other":2}')) ?? [];
  assert.deepEqual(found?.extractedValues, { '$.a.b': '1', '$.list[0]': 'y' });
});

test('testMetricFilter refuses a pattern that is none', async () => {
  await assert.rejects(match('{ $.a > ', 'x'), { code: 'InvalidParameterException' });
});
