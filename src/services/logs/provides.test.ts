import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createFakeClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import type { Store } from '../../kv/store.ts';
import { sinkBytesMax, sinkStreamBytesMax } from './limits.ts';
import { createLogSink } from './provides.ts';
import type { RunningSink } from './provides.ts';
import { createTestLogs } from './testLogs.ts';
import type { TestLogs } from './testLogs.ts';

const target = { account: '000000000000', region: 'us-east-1', logGroupName: '/aws/lambda/f', logStreamName: '2026/01/01/[$LATEST]a' };

function openSink(logs: TestLogs, store: Store = logs.store) {
  const wall = createFakeClock();
  const sink = createLogSink({ store, clock: logs.clock, wall, random: logs.random, log: silentLogger, following: logs.following });
  return { wall, sink };
}

const messages = async (logs: TestLogs): Promise<(string | undefined)[]> => {
  const { events = [] } = await logs.run('FilterLogEvents', { logGroupName: target.logGroupName });
  return events.map(({ message }) => message);
};

test('createLogSink stores what was appended within its delay, making group and stream', async () => {
  const logs = createTestLogs();
  const { wall, sink } = openSink(logs);
  sink.append(target, [{ timestampMs: logs.clock.now(), message: 'START\n' }]);
  sink.append(target, [{ timestampMs: logs.clock.now(), message: 'END\n' }]);
  await assert.rejects(messages(logs), { code: 'ResourceNotFoundException' });
  wall.advance(100);
  await sink.flush();
  assert.deepEqual(await messages(logs), ['START\n', 'END\n']);
});

test('createLogSink stores a full row at once, without waiting for its delay', async () => {
  const logs = createTestLogs();
  let commits = 0;
  const counting: Store = { ...logs.store, transact: (attempt, options) => ((commits += 1), logs.store.transact(attempt, options)) };
  const { sink } = openSink(logs, counting);
  sink.append(target, [{ timestampMs: logs.clock.now(), message: 'x'.repeat(64 * 1024) }]);
  assert.equal(commits, 1);
  await sink.flush();
});

test('createLogSink keeps the order of events that share a millisecond over many commits', async () => {
  const logs = createTestLogs();
  const { sink } = openSink(logs);
  const expected: string[] = [];
  for (let at = 0; at < 50; at += 1) {
    const message = `${at}:${'x'.repeat(5_000)}`;
    expected.push(message);
    sink.append(target, [{ timestampMs: logs.clock.now(), message }]);
  }
  await sink.flush();
  assert.deepEqual(await messages(logs), expected);
});

test('createLogSink drops the oldest lines of a flood, says so in the log, and spares other streams', async () => {
  const logs = createTestLogs();
  const { sink } = openSink(logs);
  const other = { ...target, logStreamName: 'other' };
  sink.append(other, [{ timestampMs: logs.clock.now(), message: 'quiet' }]);
  const line = 'x'.repeat(100_000);
  for (let at = 0; at < 200; at += 1) sink.append(target, [{ timestampMs: logs.clock.now() + at, message: `${at}${line}` }]);
  await sink.flush();
  const found = await logs.run('FilterLogEvents', { logGroupName: target.logGroupName, logStreamNames: ['other'] });
  assert.equal(found.events?.[0]?.message, 'quiet');
  const { events = [] } = await logs.run('FilterLogEvents', { logGroupName: target.logGroupName, filterPattern: 'haneul dropped' });
  assert.equal(events.length, 1);
  assert.match(events[0]?.message ?? '', /^\[haneul\] [0-9]+ log events \([0-9]+ bytes\) were dropped here/);
  const { logStreams } = await logs.run('DescribeLogStreams', { logGroupName: target.logGroupName });
  assert.equal(logStreams?.find(({ logStreamName }) => logStreamName === target.logStreamName)?.lastEventTimestamp, logs.clock.now() + 199);
});

test('createLogSink keeps what could not be stored and tries again a second later', async () => {
  const logs = createTestLogs();
  let isBroken = true;
  const broken: Store = {
    ...logs.store,
    transact: (attempt, options) => (isBroken ? Promise.reject(new Error('disk full')) : logs.store.transact(attempt, options)),
  };
  const { wall, sink } = openSink(logs, broken);
  sink.append(target, [{ timestampMs: logs.clock.now(), message: 'first' }]);
  await assert.rejects(sink.flush(), /disk full/);
  sink.append(target, [{ timestampMs: logs.clock.now(), message: 'second' }]);
  isBroken = false;
  wall.advance(1_000);
  await sink.close();
  assert.deepEqual(await messages(logs), ['first', 'second']);
});

test('createLogSink cuts lines that are longer than an event of functions may be', async () => {
  const logs = createTestLogs();
  const { sink } = openSink(logs);
  sink.append(target, [{ timestampMs: logs.clock.now(), message: '€'.repeat(100_000) }]);
  await sink.flush();
  const found = await messages(logs);
  assert.equal(found.length, 2);
  assert.equal(found.join(''), '€'.repeat(100_000));
});

interface Flood {
  readonly streams: number;
  readonly lineBytes: number;
}

/** 100 MB as pipes deliver them: many chunks between two turns, so that they come faster than they can be stored. */
async function flood(sink: RunningSink, { streams, lineBytes }: Flood, context: TestContext): Promise<{ readonly mostBytes: number; readonly turns: number }> {
  const chunkBytes = 64 * 1024;
  const lines = Array.from({ length: Math.ceil(chunkBytes / lineBytes) }, () => ({ timestampMs: 0, message: 'x'.repeat(lineBytes) }));
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let mostBytes = 0;
  let turns = 0;
  for (let at = 0; at < (100 * 1024 * 1024) / chunkBytes; at += 1) {
    sink.append({ ...target, logStreamName: `${at % streams}` }, lines);
    mostBytes = Math.max(mostBytes, sink.waitingBytes());
    if (at % 16 !== 15) continue;
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  delay.disable();
  context.diagnostic(`most bytes waiting ${mostBytes}, event loop delay p99 ${Math.round(delay.percentile(99) / 1e6)} ms, max ${Math.round(delay.max / 1e6)} ms`);
  return { mostBytes, turns };
}

test('createLogSink holds no more than its limit of the flood of one stream, and goes on storing', async (context) => {
  const logs = createTestLogs({ weak: false });
  let commits = 0;
  const counting: Store = { ...logs.store, transact: (attempt, options) => ((commits += 1), logs.store.transact(attempt, options)) };
  const { sink } = openSink(logs, counting);
  const { mostBytes, turns } = await flood(sink, { streams: 1, lineBytes: 100 }, context);
  assert.ok(mostBytes <= sinkStreamBytesMax, `${mostBytes} bytes waited`);
  assert.ok(commits >= turns / 10, `${commits} commits in ${turns} turns`);
  await sink.flush();
  assert.equal(sink.waitingBytes(), 0);
});

test('createLogSink holds no more than its limit of the flood of many streams while nothing can be stored', async (context) => {
  const logs = createTestLogs({ weak: false });
  const { sink } = openSink(logs, { ...logs.store, transact: () => new Promise(() => undefined) });
  const { mostBytes } = await flood(sink, { streams: 32, lineBytes: 10_000 }, context);
  assert.ok(mostBytes <= sinkBytesMax && mostBytes > sinkBytesMax / 2, `${mostBytes} bytes waited`);
});
