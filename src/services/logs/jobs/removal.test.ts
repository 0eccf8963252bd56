import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/log.ts';
import { createLogs } from '../createLogs.ts';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';
import { removeLeftovers } from './removal.ts';

const dayMs = 86_400_000;
const group = { logGroupName: 'g' };
const go = new AbortController().signal;

async function fill(logs: TestLogs, streams: readonly string[], offsets: readonly number[]): Promise<void> {
  for (const logStreamName of streams) {
    await logs.run('CreateLogStream', { ...group, logStreamName });
    for (const offset of offsets) {
      const timestamp = logs.clock.now() + offset;
      await logs.run('PutLogEvents', { ...group, logStreamName, logEvents: [{ timestamp, message: 'x'.repeat(100_000) }] });
    }
  }
}

/** Every row that the store holds. */
const countRows = (logs: TestLogs): Promise<number> =>
  logs.store.read(async (tx) => (await tx.range({ from: Buffer.of(0), to: Buffer.of(0xff), limit: 10_000 })).length);

const storedBytes = async (logs: TestLogs): Promise<number | undefined> => (await logs.run('DescribeLogGroups', {})).logGroups?.[0]?.storedBytes;

test('removeLeftovers leaves nothing of a deleted group', async () => {
  const logs = createTestLogs();
  const before = await countRows(logs);
  await logs.run('CreateLogGroup', group);
  await logs.run('PutRetentionPolicy', { ...group, retentionInDays: 1 });
  await fill(logs, ['a', 'b'], [0, 1, 5_000]);
  await logs.run('DeleteLogStream', { ...group, logStreamName: 'b' });
  await logs.run('DeleteLogGroup', group);
  assert.equal(await removeLeftovers(logs.store, logs.clock.now(), go), 6 + 3);
  assert.equal(await countRows(logs), before);
});

test('removeLeftovers takes out a deleted stream and leaves the others', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', group);
  await fill(logs, ['a', 'b'], [0, 1]);
  await logs.run('DeleteLogStream', { ...group, logStreamName: 'a' });
  assert.equal(await storedBytes(logs), 4 * 100_026);
  await removeLeftovers(logs.store, logs.clock.now(), go);
  assert.equal(await storedBytes(logs), 2 * 100_026);
  assert.equal((await logs.run('FilterLogEvents', group)).events?.length, 2);
});

test('removeLeftovers takes out expired events, which were out of sight before', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', group);
  await fill(logs, ['a'], [0, 2 * 3_600_000]);
  const first = logs.clock.now();
  logs.clock.advance(dayMs + 5_000);
  assert.equal((await logs.run('FilterLogEvents', group)).events?.length, 2);
  await logs.run('PutRetentionPolicy', { ...group, retentionInDays: 1 });
  assert.equal((await logs.run('FilterLogEvents', group)).events?.length, 1);
  assert.equal((await logs.run('GetLogEvents', { ...group, logStreamName: 'a' })).events?.length, 1);
  assert.equal(await removeLeftovers(logs.store, logs.clock.now(), go), 1);
  assert.equal(await storedBytes(logs), 100_026);
  const { logStreams } = await logs.run('DescribeLogStreams', group);
  assert.equal(logStreams?.[0]?.firstEventTimestamp, first + 2 * 3_600_000);
  await logs.run('DeleteRetentionPolicy', group);
  logs.clock.advance(10 * dayMs);
  assert.equal(await removeLeftovers(logs.store, logs.clock.now(), go), 0);
});

test('createLogs removes in the background when product time moves, and stops when closed', async () => {
  const logs = createTestLogs();
  const { clock, store, random, emitter, timers } = logs;
  const running = createLogs({ store, clock, random, wall: createFakeClock(), log: silentLogger, emitter, timers, objects: { may: async () => ({ kind: 'absent' }), put: async () => ({ kind: 'absent' }) }, tasks: { runTask: () => Promise.reject(new Error('none')) }, functions: { mayInvoke: async () => ({ kind: 'no-such-function' }) } });
  await logs.run('CreateLogGroup', group);
  await logs.run('PutRetentionPolicy', { ...group, retentionInDays: 1 });
  await fill(logs, ['a'], [0]);
  clock.advance(3 * dayMs);
  while ((await storedBytes(logs)) !== 0) await new Promise((resolve) => setImmediate(resolve));
  await running.close();
});
