import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';

const names = { logGroupName: 'g', logStreamName: 's' };

async function openStream(logs: TestLogs): Promise<void> {
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  await logs.run('CreateLogStream', names);
}

async function put(logs: TestLogs, events: readonly (readonly [number, string])[], stream = 's'): Promise<void> {
  await logs.run('PutLogEvents', {
    ...names,
    logStreamName: stream,
    logEvents: events.map(([offset, message]) => ({ timestamp: logs.clock.now() + offset, message })),
  });
}

const texts = (events: readonly { message?: string | undefined }[] | undefined): string => (events ?? []).map(({ message }) => message).join(' ');

test('getLogEvents answers the newest events in the order of time, and pages back and forth with its tokens', async () => {
  const logs = createTestLogs();
  await openStream(logs);
  await put(logs, Array.from({ length: 10 }, (_, at) => [at * 500, String(at)] as const));
  const last = await logs.run('GetLogEvents', { ...names, limit: 4 });
  assert.equal(texts(last.events), '6 7 8 9');
  assert.match(last.nextForwardToken ?? '', /^f\/[0-9]{56}\/s$/);
  const before = await logs.run('GetLogEvents', { ...names, limit: 4, nextToken: last.nextBackwardToken });
  assert.equal(texts(before.events), '2 3 4 5');
  const again = await logs.run('GetLogEvents', { ...names, limit: 3, nextToken: before.nextForwardToken });
  assert.equal(texts(again.events), '6 7 8');
  const end = await logs.run('GetLogEvents', { ...names, nextToken: last.nextForwardToken });
  assert.equal(texts(end.events), '');
  assert.equal(end.nextForwardToken, last.nextForwardToken);
  await put(logs, [[6_000, 'new']]);
  const more = await logs.run('GetLogEvents', { ...names, nextToken: end.nextForwardToken });
  assert.equal(texts(more.events), 'new');
});

test('getLogEvents from the head of an empty stream gives a token that finds what comes later', async () => {
  const logs = createTestLogs();
  await openStream(logs);
  const empty = await logs.run('GetLogEvents', { ...names, startFromHead: true });
  assert.deepEqual(empty.events, []);
  await put(logs, [[-1_000, 'late']]);
  const found = await logs.run('GetLogEvents', { ...names, nextToken: empty.nextForwardToken });
  assert.equal(texts(found.events), 'late');
});

test('getLogEvents merges batches that overlap in time and keeps the order of arrival within a millisecond', async () => {
  const logs = createTestLogs();
  await openStream(logs);
  await put(logs, [[0, 'a0'], [400, 'a400'], [900, 'a900']]);
  await put(logs, [[100, 'b100'], [400, 'b400'], [1_200, 'b1200']]);
  await put(logs, [[400, 'c400']]);
  await put(logs, [[50, 'd50']]);
  const expected = 'a0 d50 b100 a400 b400 c400 a900 b1200';
  assert.equal(texts((await logs.run('GetLogEvents', { ...names, startFromHead: true })).events), expected);
  assert.equal(texts((await logs.run('GetLogEvents', names)).events), expected);
  for (const startFromHead of [true, false]) {
    const pages: string[] = [];
    let nextToken: string | undefined;
    for (;;) {
      const page = await logs.run('GetLogEvents', { ...names, startFromHead, limit: 3, nextToken });
      if (page.events?.length === 0) break;
      pages.push(texts(page.events));
      nextToken = startFromHead ? page.nextForwardToken : page.nextBackwardToken;
    }
    assert.equal((startFromHead ? pages : pages.reverse()).join(' '), expected);
  }
});

test('getLogEvents includes startTime and excludes endTime', async () => {
  const logs = createTestLogs();
  await openStream(logs);
  await put(logs, [[0, 'a'], [10, 'b'], [20, 'c']]);
  const now = logs.clock.now();
  const found = await logs.run('GetLogEvents', { ...names, startTime: now + 10, endTime: now + 20 });
  assert.equal(texts(found.events), 'b');
});

test('getLogEvents ends a page at 1 MB and gives back messages that were stored in parts', async () => {
  const logs = createTestLogs();
  await openStream(logs);
  const long = (letter: string): string => `${letter}é`.repeat(130_000);
  await put(logs, [[0, long('a')]]);
  await put(logs, [[1, long('b')]]);
  await put(logs, [[2, long('c')]]);
  const first = await logs.run('GetLogEvents', { ...names, startFromHead: true });
  assert.deepEqual(first.events?.map(({ message }) => message), [long('a'), long('b')]);
  const second = await logs.run('GetLogEvents', { ...names, nextToken: first.nextForwardToken });
  assert.deepEqual(second.events?.map(({ message }) => message), [long('c')]);
});

test('getLogEvents refuses tokens that it did not make, and unknown groups and streams', async () => {
  const logs = createTestLogs();
  await assert.rejects(logs.run('GetLogEvents', names), { code: 'ResourceNotFoundException', message: 'The specified log group does not exist.' });
  await openStream(logs);
  const invalid = { code: 'InvalidParameterException', message: 'The specified nextToken is invalid.' };
  for (const nextToken of ['x', `n/${'0'.repeat(56)}`, `f/${'9'.repeat(56)}`]) {
    await assert.rejects(logs.run('GetLogEvents', { ...names, nextToken }), invalid);
  }
  await assert.rejects(logs.run('GetLogEvents', { ...names, logStreamName: 'x' }), {
    code: 'ResourceNotFoundException',
    message: 'The specified log stream does not exist.',
  });
  await assert.rejects(logs.run('GetLogEvents', { ...names, logGroupIdentifier: 'g' }), {
    code: 'ValidationException',
    message: 'LogGroup name and LogGroup ARN are mutually exclusive parameters.',
  });
});

test('getLogEvents takes the group by ARN and never shows what a deleted group of the same name held', async () => {
  const logs = createTestLogs();
  await openStream(logs);
  await put(logs, [[0, 'old']]);
  const byArn = await logs.run('GetLogEvents', { logGroupIdentifier: 'arn:aws:logs:us-east-1:000000000000:log-group:g', logStreamName: 's' });
  assert.equal(texts(byArn.events), 'old');
  await logs.run('DeleteLogGroup', { logGroupName: 'g' });
  await openStream(logs);
  assert.deepEqual((await logs.run('GetLogEvents', names)).events, []);
  await put(logs, [[0, 'old']]);
  await logs.run('DeleteLogStream', names);
  await logs.run('CreateLogStream', names);
  assert.deepEqual((await logs.run('GetLogEvents', names)).events, []);
});
