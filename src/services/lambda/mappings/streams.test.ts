import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CreateEventSourceMappingRequest } from '@aws-sdk/client-lambda';
import { createFakeClock } from '../../../base/clock.ts';
import type { InvocationOutcome, InvocationRequest } from '../../../sandbox/types.ts';
import { decodeObjectWrite } from '../../../ports/objectWrite.ts';
import { createFakeQueues } from '../testing/fakeQueues.ts';
import { createFakeStreams } from '../testing/fakeStreams.ts';
import type { FakeStreams } from '../testing/fakeStreams.ts';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';
import { turns, until } from '../testing/until.ts';

const arn = `arn:aws:kinesis:us-east-1:${account}:stream/clicks`;
const queueArn = `arn:aws:sqs:us-east-1:${account}:failed`;
const functionArn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
const failure: InvocationOutcome = { kind: 'function-error', payload: Buffer.from('{"errorType":"Error"}') };
const success: InvocationOutcome = { kind: 'response', payload: Buffer.from('null') };
const answer = (value: unknown): InvocationOutcome => ({ kind: 'response', payload: Buffer.from(JSON.stringify(value)) });

interface StreamEvent {
  readonly Records: readonly { readonly eventID: string; readonly kinesis: { readonly data: string; readonly sequenceNumber: string } }[];
  readonly state?: unknown;
  readonly window?: unknown;
  readonly isFinalInvokeForWindow?: boolean;
  readonly isWindowTerminatedEarly?: boolean;
}

interface Bench extends TestLambda {
  readonly streams: FakeStreams;
  /** Data of each batch that the function was given, in order. */
  readonly batches: string[];
  readonly events: StreamEvent[];
  map(settings?: Partial<CreateEventSourceMappingRequest>): Promise<string>;
  resultOf(uuid: string): Promise<string | undefined>;
}

async function withStreams(outcome: (data: readonly string[], request: InvocationRequest, event: StreamEvent) => InvocationOutcome | Promise<InvocationOutcome>, run: (bench: Bench) => Promise<void>): Promise<void> {
  let now = (): number => createFakeClock().now();
  const streams = createFakeStreams({ now: () => now() });
  const queues = createFakeQueues();
  queues.descriptions.set(queueArn, { fifo: false, visibilityTimeoutSeconds: 30 });
  const destinations = new Map([['s3', async () => ({ fifo: false })]]);
  await withLambda(async (bench) => {
    now = () => bench.clock.now();
    const batches: string[] = [];
    const events: StreamEvent[] = [];
    bench.sandbox.behaviour.invoke = (request) => {
      const event = JSON.parse(Buffer.from(request.event).toString()) as StreamEvent;
      const data = event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
      batches.push(data.join());
      events.push(event);
      return outcome(data, request, event);
    };
    await bench.call('CreateFunction', helloFunction);
    bench.lambda.startPolling();
    const map = async (settings: Partial<CreateEventSourceMappingRequest> = {}): Promise<string> =>
      (await bench.call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn, StartingPosition: 'TRIM_HORIZON', ...settings })).UUID ?? '';
    const resultOf = async (UUID: string): Promise<string | undefined> => (await bench.call('GetEventSourceMapping', { UUID })).LastProcessingResult;
    await run({ ...bench, streams, batches, events, map, resultOf });
  }, { queues, streams: new Map([['kinesis', streams]]), destinations });
}

test('CreateEventSourceMapping gives a function the records of a stream in their order, as Kinesis events', () =>
  withStreams(() => success, async ({ streams, batches, events, map, call, resultOf }) => {
    for (const data of ['1', '2', '3']) streams.put(data);
    const UUID = await map({ BatchSize: 2 });
    await until(() => batches.length === 2);
    assert.deepEqual(batches, ['1,2', '3']);
    assert.deepEqual(events[0]?.Records[0], {
      kinesis: { kinesisSchemaVersion: '1.0', partitionKey: 'key', sequenceNumber: '101', data: 'MQ==', approximateArrivalTimestamp: 1_767_225_600 },
      ...{ eventSource: 'aws:kinesis', eventVersion: '1.0', eventID: 'shardId-0:101', eventName: 'aws:kinesis:record', awsRegion: 'us-east-1' },
      ...{ invokeIdentityArn: `arn:aws:iam::${account}:role/worker`, eventSourceARN: arn },
    });
    await until(async () => (await resultOf(UUID)) === 'OK');
    const { LastModified: _modified, ...described } = await call('GetEventSourceMapping', { UUID });
    assert.deepEqual(described, {
      ...{ UUID, EventSourceMappingArn: `arn:aws:lambda:us-east-1:${account}:event-source-mapping:${UUID}`, EventSourceArn: arn, FunctionArn: functionArn },
      ...{ BatchSize: 2, MaximumBatchingWindowInSeconds: 0, State: 'Enabled', StateTransitionReason: 'User action', LastProcessingResult: 'OK', FunctionResponseTypes: [] },
      ...{ StartingPosition: 'TRIM_HORIZON', ParallelizationFactor: 1, MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: -1, BisectBatchOnFunctionError: false },
      ...{ TumblingWindowInSeconds: 0, DestinationConfig: { OnFailure: {} } },
    });
  }));

test('CreateEventSourceMapping starts at LATEST or AT_TIMESTAMP, and a restart goes on after what was done', () =>
  withStreams(() => success, async ({ streams, batches, map, clock, lambda, restart }) => {
    streams.put('old');
    clock.advance(1_000);
    const timestamp = new Date(clock.now());
    streams.put('later');
    await map({ StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: timestamp });
    await until(() => batches.length === 1);
    assert.deepEqual(batches, ['later']);
    await turns();
    await lambda.close(0);
    const second = restart();
    streams.put('new');
    second.startPolling();
    await until(() => batches.length === 2);
    assert.deepEqual(batches, ['later', 'new']);
    await second.close(0);
  }));

test('a mapping at LATEST sees what is put after it was made, also over a restart before the first record', () =>
  withStreams(() => success, async ({ streams, batches, map, call, lambda, restart }) => {
    streams.put('old');
    const UUID = await map({ StartingPosition: 'LATEST' });
    await until(async () => (await call('GetEventSourceMapping', { UUID })).State === 'Enabled');
    await turns();
    await lambda.close(0);
    streams.put('between');
    const second = restart();
    second.startPolling();
    await until(() => batches.length === 1);
    assert.deepEqual(batches, ['between']);
    await second.close(0);
  }));

test('a failing batch blocks its shard until it succeeds, and is cut in two where the mapping says so', async () => {
  let isBroken = true;
  await withStreams((data) => (isBroken && data.includes('2') ? failure : success), async ({ streams, batches, map, clock, resultOf }) => {
    for (const data of ['1', '2', '3', '4']) streams.put(data);
    const UUID = await map({ BisectBatchOnFunctionError: true });
    await until(() => batches.length === 4);
    assert.deepEqual(batches, ['1,2,3,4', '1,2', '1', '2']);
    await until(async () => (await resultOf(UUID)) === 'PROBLEM: Function call failed');
    isBroken = false;
    clock.advance(1_000);
    await until(() => batches.length === 6);
    assert.deepEqual(batches.slice(4), ['2', '3,4']);
  });
});

test('records that are given up are told to a queue, with what AWS writes of them', () =>
  withStreams((data) => (data.includes('bad') ? failure : success), async ({ streams, batches, map, clock, startEvents }) => {
    const sequence = streams.put('bad');
    await map({ MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Destination: queueArn } } });
    await until(() => batches.length === 1);
    await turns();
    clock.advance(1_000);
    await until(() => batches.length === 2);
    const dispatcher = startEvents();
    await until(async () => (await dispatcher.listDead({ limit: 10 })).length === 1);
    const [dead] = await dispatcher.listDead({ limit: 10 });
    assert.ok(dead);
    const text = Buffer.from((await dispatcher.readDead(dead))?.payload ?? '').toString();
    const { body } = JSON.parse(text.slice(text.indexOf('{'))) as { readonly body: string };
    const { requestContext, timestamp, ...record } = JSON.parse(body) as { readonly requestContext: { readonly requestId: string }; readonly timestamp: string };
    assert.match(requestContext.requestId, /^[0-9a-f-]{36}$/);
    assert.deepEqual({ ...requestContext, requestId: '' }, { requestId: '', functionArn, condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 });
    assert.equal(timestamp, '2026-01-01T00:00:01.000Z');
    assert.deepEqual(record, {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      KinesisBatchInfo: {
        ...{ shardId: 'shardId-0', startSequenceNumber: sequence, endSequenceNumber: sequence, batchSize: 1, streamArn: arn },
        ...{ approximateArrivalOfFirstRecord: '2026-01-01T00:00:00.000Z', approximateArrivalOfLastRecord: '2026-01-01T00:00:00.000Z' },
      },
    });
    streams.put('good');
    await until(() => batches.length === 3);
  }));

test('records that are too old are told to a bucket, with the event', () =>
  withStreams(() => success, async ({ streams, map, clock, batches, startEvents }) => {
    streams.put('stale');
    clock.advance(61_000);
    streams.put('fresh');
    const uuid = await map({ MaximumRecordAgeInSeconds: 60, DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::failures' } } });
    await until(() => batches.length === 1);
    assert.deepEqual(batches, ['fresh']);
    const dispatcher = startEvents();
    await until(async () => (await dispatcher.listDead({ limit: 10 })).length === 1);
    const [dead] = await dispatcher.listDead({ limit: 10 });
    const object = decodeObjectWrite((dead && (await dispatcher.readDead(dead))?.payload) ?? Buffer.alloc(0));
    assert.match(object?.key ?? '', new RegExp(`^aws/lambda/${uuid}/shardId-0/2026/01/01/2026-01-01T00\\.01\\.01-[0-9a-f-]{36}$`));
    const record = JSON.parse(Buffer.from(object?.body ?? '').toString()) as { readonly requestContext: { readonly condition: string }; readonly payload: string };
    assert.equal(record.requestContext.condition, 'RecordAgeExceeded');
    assert.equal((JSON.parse(record.payload) as StreamEvent).Records.length, 1);
  }));

test('with ReportBatchItemFailures a batch goes on from the lowest sequence number that the function names', async () => {
  let runs = 0;
  await withStreams((_data, _request, { Records }) => {
    runs += 1;
    const named = runs === 1 ? [3, 1] : [];
    return answer({ batchItemFailures: named.map((index) => ({ itemIdentifier: Records[index]?.kinesis.sequenceNumber })) });
  }, async ({ streams, batches, map, clock }) => {
    for (const data of ['1', '2', '3', '4']) streams.put(data);
    await map({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
    await until(() => batches.length === 1);
    await turns();
    clock.advance(1_000);
    await until(() => batches.length === 2);
    assert.deepEqual(batches, ['1,2,3,4', '2,3,4']);
  });
});

test('ParallelizationFactor runs batches of one shard at once, each key in its order', async () => {
  const releases: (() => void)[] = [];
  await withStreams(() => new Promise((resolve) => releases.push(() => resolve(success))), async ({ streams, batches, map }) => {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const round of [1, 2]) for (const key of keys) streams.put(`${key}${round}`, { partitionKey: key });
    await map({ ParallelizationFactor: 10, BatchSize: 1 });
    await until(() => releases.length > 1);
    for (let done = 0; done < 16; done += 1) {
      await until(() => releases.length > done);
      releases[done]?.();
    }
    assert.equal(batches.length, 16);
    for (const key of keys) assert.deepEqual(batches.filter((data) => data.startsWith(key)), [`${key}1`, `${key}2`]);
  });
});

test('a restart repeats nothing that a lane has done beyond what another has not', async () => {
  await withStreams((data) => (data.includes('stuck') ? failure : success), async ({ streams, batches, map, lambda, restart }) => {
    streams.put('stuck', { partitionKey: 'a' });
    for (const key of ['b', 'c', 'd', 'e']) streams.put(key, { partitionKey: key });
    await map({ ParallelizationFactor: 10 });
    await until(() => batches.length === 5);
    await turns();
    await lambda.close(0);
    const before = batches.length;
    const second = restart();
    second.startPolling();
    await until(() => batches.length > before);
    await turns();
    assert.deepEqual(batches.slice(before), ['stuck']);
    await second.close(0);
  });
});

test('TumblingWindowInSeconds hands the state from batch to batch, and ends a window with an event of its own', () =>
  withStreams((data, _request, event) => answer({ state: { sum: Number((event.state as { sum?: number }).sum ?? 0) + data.length } }), async ({ streams, batches, events, map, clock }) => {
    streams.put('1');
    streams.put('2');
    await map({ TumblingWindowInSeconds: 60, BatchSize: 1 });
    await until(() => batches.length === 2);
    clock.advance(30_000);
    streams.put('3');
    await until(() => batches.length === 3);
    clock.advance(30_000);
    await until(() => batches.length === 4);
    streams.put('4');
    await until(() => batches.length === 5);
    assert.deepEqual(batches, ['1', '2', '3', '', '4']);
    assert.deepEqual(events.map(({ state }) => state), [{}, { sum: 1 }, { sum: 2 }, { sum: 3 }, {}]);
    assert.deepEqual(events.map(({ isFinalInvokeForWindow }) => isFinalInvokeForWindow), [false, false, false, true, false]);
    assert.deepEqual(events[3]?.window, { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:01:00Z' });
    assert.deepEqual(events[4]?.window, { start: '2026-01-01T00:01:00Z', end: '2026-01-01T00:02:00Z' });
  }));

test('a window whose state outgrows 1 MB ends early, and a function that returns no state has failed', async () => {
  let runs = 0;
  await withStreams((data) => {
    runs += 1;
    if (runs === 1) return success;
    return answer({ state: data.length === 0 ? {} : { text: 'x'.repeat(1_100_000) } });
  }, async ({ streams, events, map, clock }) => {
    streams.put('1');
    await map({ TumblingWindowInSeconds: 60 });
    await until(() => events.length === 1);
    await turns();
    clock.advance(1_000);
    await until(() => events.length === 3);
    assert.deepEqual(events.map(({ Records, isWindowTerminatedEarly }) => [Records.length, isWindowTerminatedEarly]), [[1, false], [1, false], [0, true]]);
    streams.put('2');
    await until(() => events.length === 5);
    assert.deepEqual(events[3]?.state, {});
  });
});

test('children of a shard wait until all of it is done', async () => {
  let release = (): void => undefined;
  await withStreams((data) => (data.includes('parent') ? new Promise((resolve) => (release = () => resolve(success))) : success), async ({ streams, batches, map }) => {
    streams.put('parent');
    streams.closeShard('shardId-0');
    streams.addShard('shardId-1', ['shardId-0']);
    streams.put('child', { shardId: 'shardId-1' });
    await map();
    await until(() => batches.length === 1);
    await turns();
    assert.deepEqual(batches, ['parent']);
    release();
    await until(() => batches.length === 2);
    assert.deepEqual(batches, ['parent', 'child']);
  });
});

test('filters keep what matches the data or the key, and pass over the rest', () =>
  withStreams(() => success, async ({ streams, batches, map }) => {
    for (const data of ['{"kind":"sale","n":1}', 'plain text', '{"kind":"view"}', '{"kind":"sale","n":2}']) streams.put(data);
    await map({ FilterCriteria: { Filters: [{ Pattern: '{"data":{"kind":["sale"]}}' }] } });
    await until(() => batches.length === 1);
    assert.deepEqual(batches, ['{"kind":"sale","n":1},{"kind":"sale","n":2}']);
  }));

test('a mapping whose stream or function is gone waits, says so, and goes on', () =>
  withStreams(() => success, async ({ streams, batches, map, call, clock, resultOf, warnings }) => {
    streams.put('1');
    const uuid = await map();
    await until(() => batches.length === 1);
    await call('DeleteFunction', { FunctionName: 'hello' });
    streams.put('2');
    await until(async () => (await resultOf(uuid)) === 'PROBLEM: Function not found.');
    await call('CreateFunction', helloFunction);
    clock.advance(2_000);
    await until(() => batches.length === 2);
    streams.exists = false;
    streams.put('3');
    await until(async () => (await resultOf(uuid)) === 'PROBLEM: Stream not found.');
    assert.equal(warnings.some(({ text }) => text === 'an event source mapping waits'), true);
  }));

const refusals: readonly (readonly [name: string, settings: Partial<CreateEventSourceMappingRequest>, message: RegExp | string])[] = [
  ['no starting position', { StartingPosition: undefined }, /Value 'null' at 'startingPosition' failed to satisfy constraint: Member must not be null\./],
  ['AT_TIMESTAMP without one', { StartingPosition: 'AT_TIMESTAMP' }, /StartingPositionTimestamp must be specified/],
  ['a timestamp without AT_TIMESTAMP', { StartingPositionTimestamp: new Date(0) }, /StartingPositionTimestamp can only be specified/],
  ['an age of less than a minute', { MaximumRecordAgeInSeconds: 59 }, /Invalid MaximumRecordAgeInSeconds: 59/],
  ['a batch of more than 10,000', { BatchSize: 10_001 }, /less than or equal to 10000/],
  ['ScalingConfig', { ScalingConfig: { MaximumConcurrency: 2 } }, 'Unsupported parameter for given event source mapping type: ScalingConfig.'],
  ['a function as destination', { DestinationConfig: { OnFailure: { Destination: `${functionArn}2` } } }, /destination ARN .* is invalid/],
  ['another region', { EventSourceArn: arn.replace('us-east-1', 'eu-west-1') }, /^Stream not found: /],
];
for (const [name, settings, message] of refusals) {
  test(`CreateEventSourceMapping of a stream refuses ${name}`, () =>
    withStreams(() => success, async ({ map }) => {
      await assert.rejects(map(settings), { message });
    }));
}

test('CreateEventSourceMapping of a stream needs a role that may read it, and one mapping a function', async () => {
  await withStreams(() => success, async ({ map, streams, restart }) => {
    const uuid = await map();
    await assert.rejects(map(), {
      code: 'ResourceConflictException',
      message: `The event source arn (" ${arn} ") and function (" hello ") provided mapping already exists. Please update or delete the existing mapping with UUID ${uuid}`,
    });
    streams.put('1');
    const denied = restart({ roleAccess: async () => false });
    await denied.close(0);
  });
});
