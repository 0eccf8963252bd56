import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveTailSessionUpdate, StartLiveTailRequest, StartLiveTailResponseStream } from '@aws-sdk/client-cloudwatch-logs';
import { removeArrivals } from '../jobs/arrivals.ts';
import { arrivalKeptMs, tailEventsMax, tailLeftMs, tailQueueUpdatesMax, tailSessionMsMax, tailSessionsMax } from '../limits.ts';
import { createLogSink } from '../provides.ts';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';
import { silentLogger } from '../../../base/log.ts';
import { keyRange } from '../../../kv/tuple.ts';

const arn = (name: string): string => `arn:aws:logs:us-east-1:000000000000:log-group:${name}`;
const go = new AbortController().signal;

async function prepare(streams: readonly string[] = ['s'], groups: readonly string[] = ['g'], weak = true): Promise<TestLogs> {
  const logs = createTestLogs({ weak });
  for (const logGroupName of groups) {
    await logs.run('CreateLogGroup', { logGroupName });
    for (const logStreamName of streams) await logs.run('CreateLogStream', { logGroupName, logStreamName });
  }
  return logs;
}

const put = (logs: TestLogs, messages: readonly string[], logStreamName = 's', logGroupName = 'g', ageMs = 0) =>
  logs.run('PutLogEvents', { logGroupName, logStreamName, logEvents: messages.map((message) => ({ timestamp: logs.clock.now() - ageMs, message })) });

interface Tail {
  readonly start: StartLiveTailResponseStream['sessionStart'];
  /** Lets a second pass and answers its update. */
  next(): Promise<LiveTailSessionUpdate>;
  /** The messages of the updates until there are so many. */
  messages(count: number): Promise<(string | undefined)[]>;
  close(): Promise<unknown>;
  /** The end or the failure of the stream. */
  readonly rest: () => Promise<IteratorResult<StartLiveTailResponseStream>>;
}

async function tail(logs: TestLogs, input: Partial<StartLiveTailRequest> = {}): Promise<Tail> {
  const { responseStream } = await logs.run('StartLiveTail', {
    logGroupIdentifiers: [arn('g')],
    logStreamNames: undefined,
    logStreamNamePrefixes: undefined,
    logEventFilterPattern: undefined,
    ...input,
  });
  assert.ok(responseStream);
  const iterator = responseStream[Symbol.asyncIterator]();
  const first = await iterator.next();
  // Seconds pass until something comes: the session's own timer may not be set yet when this begins.
  const rest = async (): Promise<IteratorResult<StartLiveTailResponseStream>> => {
    let done = false;
    const result = iterator.next().finally(() => (done = true));
    result.catch(() => undefined);
    for (let turn = 0; !done; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turn % 20 === 19) logs.wall.advance(1_000);
    }
    return result;
  };
  const next = async (): Promise<LiveTailSessionUpdate> => {
    const { value } = (await rest()) as IteratorYieldResult<StartLiveTailResponseStream>;
    assert.ok(value?.sessionUpdate);
    return value.sessionUpdate;
  };
  return {
    start: (first.value as StartLiveTailResponseStream).sessionStart,
    next,
    rest,
    async messages(count) {
      const found: (string | undefined)[] = [];
      for (let at = 0; at < 30 && found.length < count; at += 1) found.push(...((await next()).sessionResults ?? []).map(({ message }) => message));
      return found;
    },
    close: async () => iterator.return?.(),
  };
}

test('startLiveTail begins with what the session is about, and goes on with an update a second, empty or not', async () => {
  const logs = await prepare();
  await put(logs, ['before']);
  const { start, next } = await tail(logs, { logStreamNamePrefixes: ['s'], logEventFilterPattern: 'a' });
  assert.match(start?.sessionId ?? '', /^[0-9a-f-]{36}$/);
  const { sessionId: _, ...rest } = start ?? {};
  assert.deepEqual(rest, { requestId: '00000000-0000-4000-8000-000000000000', logGroupIdentifiers: [arn('g')], logStreamNamePrefixes: ['s'], logEventFilterPattern: 'a' });
  assert.deepEqual(await next(), { sessionMetadata: { sampled: false }, sessionResults: [] });
  assert.deepEqual(await next(), { sessionMetadata: { sampled: false }, sessionResults: [] });
});

test('startLiveTail tells every event once, in the order of arrival, whatever its time, from API and functions', async () => {
  const logs = await prepare();
  const session = await tail(logs);
  await put(logs, ['a', 'b']);
  await put(logs, ['from yesterday'], 's', 'g', 86_400_000);
  const sink = createLogSink({ store: logs.store, clock: logs.clock, wall: logs.wall, random: logs.random, log: silentLogger, following: logs.following });
  sink.append({ account: '000000000000', region: 'us-east-1', logGroupName: 'g', logStreamName: 'new' }, [{ timestampMs: logs.clock.now(), message: 'output' }]);
  await sink.close();
  await put(logs, ['x'.repeat(200_000)]);
  assert.deepEqual(await session.messages(5), ['a', 'b', 'from yesterday', 'output', 'x'.repeat(200_000)]);
  await put(logs, ['c']);
  assert.deepEqual(await session.messages(1), ['c']);
  assert.deepEqual((await session.next()).sessionResults, []);
});

test('startLiveTail tells where and when an event came in', async () => {
  const logs = await prepare();
  const session = await tail(logs);
  await put(logs, ['a']);
  let results: LiveTailSessionUpdate['sessionResults'] = [];
  while (results?.length === 0) results = (await session.next()).sessionResults;
  const now = logs.clock.now();
  assert.deepEqual(results, [{ logGroupIdentifier: '000000000000:g', logStreamName: 's', message: 'a', timestamp: now, ingestionTime: now }]);
});

test('startLiveTail keeps what its filters leave: names, prefixes, pattern, groups', async () => {
  const logs = await prepare(['one', 'two', 'three'], ['g', 'h', 'other']);
  const byName = await tail(logs, { logStreamNames: ['one', 'absent'] });
  const byPrefix = await tail(logs, { logStreamNamePrefixes: ['tw', 'th'] });
  const byPattern = await tail(logs, { logGroupIdentifiers: [arn('g'), arn('h'), arn('g')], logEventFilterPattern: '{ $.n > 1 }' });
  for (const group of ['g', 'h', 'other']) for (const stream of ['one', 'two', 'three']) await put(logs, [`{"n":1,"at":"${group}/${stream}"}`, `{"n":2,"at":"${group}/${stream}"}`], stream, group);
  const places = async (session: Tail, count: number): Promise<string[]> => (await session.messages(count)).map((message) => JSON.parse(message ?? '').at as string).sort();
  assert.deepEqual(await places(byName, 2), ['g/one', 'g/one']);
  assert.deepEqual(await places(byPrefix, 4), ['g/three', 'g/three', 'g/two', 'g/two']);
  assert.deepEqual(await places(byPattern, 6), ['g/one', 'g/three', 'g/two', 'h/one', 'h/three', 'h/two']);
});

test('startLiveTail samples what is more than 500 events a second, and says so', async () => {
  const logs = await prepare(['s'], ['g'], false);
  const session = await tail(logs);
  const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));
  await put(logs, numbers(tailEventsMax));
  const whole = await session.next();
  assert.deepEqual([whole.sessionResults?.length, whole.sessionMetadata?.sampled], [tailEventsMax, false]);
  await put(logs, numbers(tailEventsMax + 1));
  const sample = await session.next();
  assert.deepEqual([sample.sessionResults?.length, sample.sessionMetadata?.sampled], [tailEventsMax, true]);
  await put(logs, ['later']);
  assert.deepEqual((await session.next()).sessionResults?.map(({ message }) => message), ['later']);
});

test('startLiveTail keeps the newest updates for a client that does not take them', async () => {
  const logs = await prepare(['s'], ['g'], false);
  const session = await tail(logs);
  for (let at = 0; at < tailQueueUpdatesMax + 5; at += 1) {
    await put(logs, [String(at)]);
    logs.wall.advance(1_000);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await session.messages(tailQueueUpdatesMax), ['5', '6', '7', '8', '9', '10', '11', '12', '13', '14']);
});

test('startLiveTail ends after three hours of product time', async () => {
  const logs = await prepare();
  const session = await tail(logs);
  logs.clock.advance(tailSessionMsMax - 1);
  await session.next();
  logs.clock.advance(1);
  await assert.rejects(session.rest(), { code: 'SessionTimeoutException' });
  await logs.liveTails.close();
});

/** Every row of the service. */
const countRows = (logs: TestLogs): Promise<number> => logs.store.read(async (tx) => (await tx.range({ ...keyRange(['logs']), limit: 10_000 })).length);

test('startLiveTail leaves nothing behind when the client goes', async () => {
  const logs = await prepare();
  await put(logs, ['a']);
  const before = await countRows(logs);
  const session = await tail(logs);
  await put(logs, ['b']);
  assert.deepEqual(await session.messages(1), ['b']);
  await session.close();
  await logs.liveTails.close();
  await removeArrivals(logs.store, logs.wall.now(), go);
  assert.equal(await countRows(logs), before + 2, 'the row of b and its entry by time');
});

test('startLiveTail leaves nothing behind after a crash', async () => {
  const logs = await prepare();
  const session = await tail(logs);
  const startedMs = logs.wall.now();
  await put(logs, ['c']);
  await session.messages(1);
  const full = await countRows(logs);
  await removeArrivals(logs.store, startedMs + arrivalKeptMs, go);
  assert.equal(await countRows(logs), full, 'young arrivals stay');
  await removeArrivals(logs.store, logs.wall.now() + arrivalKeptMs + 1, go);
  assert.equal(await countRows(logs), full - 1, 'old arrivals go');
  for (let run = 0; run < 2; run += 1) await removeArrivals(logs.store, logs.wall.now() + tailLeftMs + 1, go);
  assert.equal(await countRows(logs), full - 2, 'the session goes');
});

test('startLiveTail serves so many sessions at once and no more', async () => {
  const logs = await prepare();
  const sessions = await Promise.all(Array.from({ length: tailSessionsMax }, () => tail(logs)));
  await assert.rejects(tail(logs), { code: 'LimitExceededException' });
  await sessions[0]?.close();
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await tail(logs);
  await logs.liveTails.close();
  await assert.rejects(tail(logs), { code: 'LimitExceededException' });
});

test('startLiveTail loses and doubles nothing while writers are busy', async () => {
  const logs = await prepare(['s', 't']);
  const session = await tail(logs);
  const writers = ['s', 't'].map(async (stream) => {
    for (let at = 0; at < 50; at += 1) await put(logs, [`${stream}${at}`], stream);
  });
  const [found] = await Promise.all([session.messages(100), ...writers]);
  assert.equal(new Set(found).size, 100);
  assert.deepEqual(found.filter((message) => message?.startsWith('s')), Array.from({ length: 50 }, (_, at) => `s${at}`));
  assert.deepEqual((await session.next()).sessionResults, []);
});

test('startLiveTail refuses what it cannot tail', async () => {
  const logs = await prepare(['s'], ['g', 'h']);
  const refused = async (input: Partial<StartLiveTailRequest>, expected: object): Promise<void> => assert.rejects(tail(logs, input), expected);
  const invalid = { code: 'InvalidParameterException' };
  await refused({ logGroupIdentifiers: ['g'] }, invalid);
  await refused({ logGroupIdentifiers: [`${arn('g')}:*`] }, invalid);
  await refused({ logStreamNames: ['a'], logStreamNamePrefixes: ['b'] }, invalid);
  await refused({ logGroupIdentifiers: [arn('g'), arn('h')], logStreamNames: ['a'] }, invalid);
  await refused({ logEventFilterPattern: '{ $.a >' }, invalid);
  await refused({ logGroupIdentifiers: [arn('absent')] }, { code: 'ResourceNotFoundException', message: 'The specified log group does not exist.' });
  await refused({ logGroupIdentifiers: [arn('g').replace('000000000000', '111111111111')] }, { code: 'ResourceNotFoundException' });
  assert.deepEqual(await logs.access('StartLiveTail', { logGroupIdentifiers: [arn('g'), arn('h')] }), [
    { action: 'logs:StartLiveTail', resource: `${arn('g')}:log-stream:` },
    { action: 'logs:StartLiveTail', resource: `${arn('h')}:log-stream:` },
  ]);
});
