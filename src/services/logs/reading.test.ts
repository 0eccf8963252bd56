import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from './testLogs.ts';
import type { TestLogs } from './testLogs.ts';

const group = { logGroupName: 'g' };

/** Ten thousand rows: events so far apart that no two share one. */
async function fillDay(logs: TestLogs): Promise<void> {
  await logs.run('CreateLogGroup', group);
  await logs.run('CreateLogStream', { ...group, logStreamName: 's' });
  const start = logs.clock.now() - 80_000_000;
  const logEvents = Array.from({ length: 10_000 }, (_, at) => ({ timestamp: start + at * 8_000, message: `event ${at}` }));
  await logs.run('PutLogEvents', { ...group, logStreamName: 's', logEvents });
}

test('readPage answers a short page with a token when a search looks at too much, and every page gets on', async () => {
  const logs = createTestLogs({ weak: false });
  await fillDay(logs);
  for (const startFromHead of [true, false]) {
    const input = { ...group, filterPattern: '?"event 17" -"event 17"', startFromHead, startTime: Date.UTC(2024, 0, 1) };
    let pages = 0;
    let nextToken: string | undefined;
    do {
      const page = await logs.run('FilterLogEvents', { ...input, nextToken });
      assert.deepEqual(page.events, []);
      nextToken = page.nextToken;
      pages += 1;
    } while (nextToken !== undefined && pages < 10);
    assert.equal(pages, 3, `startFromHead ${startFromHead}`);
  }
});

test('readPage does not look at rows outside the times that are asked for', async () => {
  const logs = createTestLogs({ weak: false });
  await fillDay(logs);
  const { events = [], nextToken } = await logs.run('FilterLogEvents', { ...group, startTime: logs.clock.now() - 16_000 });
  assert.deepEqual(events.map(({ message }) => message), ['event 9998', 'event 9999']);
  assert.equal(nextToken, undefined);
});

test('readPage spends no more on a pattern than its budget before it answers', async () => {
  const logs = createTestLogs({ weak: false });
  await logs.run('CreateLogGroup', group);
  await logs.run('CreateLogStream', { ...group, logStreamName: 's' });
  for (let at = 0; at < 3; at += 1) {
    const logEvents = [{ timestamp: logs.clock.now() + at, message: `${'a'.repeat(150_000)}${at}` }];
    await logs.run('PutLogEvents', { ...group, logStreamName: 's', logEvents });
  }
  const filterPattern = '%a{250}b%';
  const found: (string | undefined)[] = [];
  let pages = 0;
  let nextToken: string | undefined;
  do {
    const page = await logs.run('FilterLogEvents', { ...group, filterPattern: `-${filterPattern}`, nextToken });
    found.push(...(page.events ?? []).map(({ message }) => message?.at(-1)));
    nextToken = page.nextToken;
    pages += 1;
  } while (nextToken !== undefined && pages < 10);
  assert.deepEqual(found, ['0', '1', '2']);
  assert.ok(pages > 1, 'the budget ended a page');
});
