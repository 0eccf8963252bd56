import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../../base/random.ts';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';

async function openStreams(logs: TestLogs, ...streams: string[]): Promise<void> {
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  for (const logStreamName of streams) await logs.run('CreateLogStream', { logGroupName: 'g', logStreamName });
}

async function put(logs: TestLogs, logStreamName: string, events: readonly (readonly [number, string])[]): Promise<void> {
  const logEvents = events.map(([offset, message]) => ({ timestamp: logs.clock.now() + offset, message }));
  await logs.run('PutLogEvents', { logGroupName: 'g', logStreamName, logEvents });
}

type Request = Parameters<typeof filterAll>[1];

async function filterAll(logs: TestLogs, input: Omit<Parameters<typeof logs.run<'FilterLogEvents'>>[1], 'logGroupName'> = {}) {
  const pages: (readonly string[])[] = [];
  let nextToken: string | undefined;
  do {
    const page = await logs.run('FilterLogEvents', { logGroupName: 'g', ...input, nextToken });
    pages.push((page.events ?? []).map(({ logStreamName, message }) => `${logStreamName}:${message}`));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return pages;
}

const flat = async (logs: TestLogs, input?: Request): Promise<string> => (await filterAll(logs, input)).flat().join(' ');

test('filterLogEvents interleaves the streams of a group by time, page after page', async () => {
  const logs = createTestLogs();
  await openStreams(logs, 'a', 'b');
  await put(logs, 'a', [[0, '0'], [20, '20'], [40, '40']]);
  await put(logs, 'b', [[10, '10'], [30, '30'], [5_000, '5000']]);
  assert.equal(await flat(logs), 'a:0 b:10 a:20 b:30 a:40 b:5000');
  const pages = await filterAll(logs, { limit: 4 });
  assert.deepEqual(pages, [['a:0', 'b:10', 'a:20', 'b:30'], ['a:40', 'b:5000']]);
  const backwards = await filterAll(logs, { limit: 4, startFromHead: false, startTime: Date.UTC(2024, 0, 1) });
  assert.deepEqual(backwards, [['b:5000', 'a:40', 'b:30', 'a:20'], ['b:10', 'a:0']]);
});

test('filterLogEvents narrows by stream names, by prefix and by time (the end included)', async () => {
  const logs = createTestLogs();
  await openStreams(logs, 'a1', 'a2', 'b1');
  for (const [at, name] of ['a1', 'a2', 'b1'].entries()) await put(logs, name, [[at, 'x'], [at + 10, 'y']]);
  assert.equal(await flat(logs, { logStreamNames: ['a1'] }), 'a1:x a1:y');
  assert.equal(await flat(logs, { logStreamNames: ['b1', 'a1'] }), 'a1:x b1:x a1:y b1:y');
  assert.equal(await flat(logs, { logStreamNamePrefix: 'a' }), 'a1:x a2:x a1:y a2:y');
  const now = logs.clock.now();
  assert.equal(await flat(logs, { startTime: now + 2, endTime: now + 11 }), 'b1:x a1:y a2:y');
});

test('filterLogEvents gives events ids that stay the same, as tail --follow relies on', async () => {
  const logs = createTestLogs();
  await openStreams(logs, 'a');
  await put(logs, 'a', [[0, 'x'], [0, 'y']]);
  const first = await logs.run('FilterLogEvents', { logGroupName: 'g' });
  await put(logs, 'a', [[0, 'z']]);
  const second = await logs.run('FilterLogEvents', { logGroupName: 'g', startTime: logs.clock.now() });
  const ids = second.events?.map(({ eventId }) => eventId) ?? [];
  assert.deepEqual(ids.slice(0, 2), first.events?.map(({ eventId }) => eventId));
  assert.equal(new Set(ids).size, 3);
  for (const id of ids) assert.match(id ?? '', /^[0-9]{56}$/);
});

test('filterLogEvents applies a pattern and leaves out the streams that were deleted', async () => {
  const logs = createTestLogs();
  await openStreams(logs, 'a', 'b');
  await put(logs, 'a', [[0, 'ERROR one'], [1, 'fine']]);
  await put(logs, 'b', [[2, 'ERROR two']]);
  assert.equal(await flat(logs, { filterPattern: 'ERROR' }), 'a:ERROR one b:ERROR two');
  await logs.run('DeleteLogStream', { logGroupName: 'g', logStreamName: 'b' });
  assert.equal(await flat(logs, { filterPattern: 'ERROR' }), 'a:ERROR one');
});

test('filterLogEvents pages through any layout of rows like a sorted list would', async () => {
  const seed = 20_260_101;
  const random = createSeededRandom(seed);
  const logs = createTestLogs();
  const streams = ['s0', 's1', 's2'];
  await openStreams(logs, ...streams);
  const all: { readonly timestampMs: number; readonly text: string }[] = [];
  for (let batch = 0; batch < 40; batch += 1) {
    const stream = streams[Math.floor(random.fraction() * 3)] ?? 's0';
    let offset = Math.floor(random.fraction() * 6_000);
    const events: [number, string][] = [];
    for (let at = 0; at < 1 + random.fraction() * 8; at += 1) {
      events.push([offset, `${batch}.${at}`]);
      all.push({ timestampMs: offset, text: `${stream}:${batch}.${at}` });
      offset += Math.floor(random.fraction() * 700);
    }
    await put(logs, stream, events);
  }
  const forward = await filterAll(logs, { limit: 7 });
  const backward = await filterAll(logs, { limit: 7, startFromHead: false, startTime: Date.UTC(2024, 0, 1) });
  const times = new Map(all.map(({ timestampMs, text }) => [text, timestampMs]));
  const timesOf = (pages: readonly (readonly string[])[]): (number | undefined)[] => pages.flat().map((text) => times.get(text));
  const sorted = all.map(({ timestampMs }) => timestampMs).sort((a, b) => a - b);
  assert.deepEqual(timesOf(forward), sorted, `seed ${seed}`);
  assert.deepEqual(backward.flat().toReversed(), forward.flat(), `seed ${seed}`);
  assert.equal(new Set(forward.flat()).size, all.length, `seed ${seed}`);
});

test('filterLogEvents refuses what it cannot do in the words of the service', async () => {
  const logs = createTestLogs();
  await openStreams(logs, 'a');
  const invalid = { code: 'InvalidParameterException' };
  await assert.rejects(logs.run('FilterLogEvents', { logGroupName: 'g', unmask: true }), invalid);
  await assert.rejects(logs.run('FilterLogEvents', { logGroupName: 'g', logStreamNames: ['a'], logStreamNamePrefix: 'a' }), invalid);
  await assert.rejects(logs.run('FilterLogEvents', { logGroupName: 'g', startFromHead: false }), invalid);
  await assert.rejects(logs.run('FilterLogEvents', { logGroupName: 'g', nextToken: 'x' }), { ...invalid, message: 'The specified nextToken is invalid.' });
  await assert.rejects(logs.run('FilterLogEvents', { logGroupName: 'g', logStreamNames: ['x'] }), { code: 'ResourceNotFoundException' });
  await assert.rejects(logs.run('FilterLogEvents', { logGroupName: 'g', filterPattern: '{ $.a = ' }), { ...invalid, message: 'Invalid filter pattern' });
});
