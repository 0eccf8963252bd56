import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../../base/random.ts';
import { createEmitter } from '../../../outbox/emitter.ts';
import type { InvocationOutcome, InvocationRequest } from '../../../sandbox/types.ts';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';
import { turns, until } from '../testing/until.ts';

const arn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
const minute = 60_000;
const event = (value: unknown, more: object = {}) => ({ FunctionName: 'hello', InvocationType: 'Event' as const, Payload: Buffer.from(JSON.stringify(value)), ...more });
const failure: InvocationOutcome = { kind: 'function-error', payload: Buffer.from('{"errorType":"Error"}') };

interface Run {
  readonly atMs: number;
  readonly requestId: string;
  readonly text: string;
  readonly arn: string;
}

/** Notes every run, and answers what `outcome` says. */
function recordRuns({ sandbox, clock }: TestLambda, outcome: (request: InvocationRequest) => InvocationOutcome = ({ event: payload }) => ({ kind: 'response', payload })): Run[] {
  const runs: Run[] = [];
  sandbox.behaviour.invoke = (request) => {
    runs.push({ atMs: clock.now(), requestId: request.requestId, text: Buffer.from(request.event).toString(), arn: request.invokedFunctionArn });
    return outcome(request);
  };
  return runs;
}

async function countEventRows({ store }: TestLambda): Promise<number> {
  let rows = 0;
  for await (const page of store.exportRows()) rows += page.filter(({ key }) => ['events', 'outbox'].some((word) => Buffer.from(key).includes(word))).length;
  return rows;
}

test('Invoke with Event answers 202 at once, and the function runs with the request id that was answered', async () => {
  await withLambda(async (bench) => {
    const { call, startEvents } = bench;
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await call('CreateAlias', { FunctionName: 'hello', Name: 'live', FunctionVersion: '1' });
    const runs = recordRuns(bench);
    assert.deepEqual(await call('Invoke', event({ a: 1 }, { Qualifier: 'live', LogType: 'Tail' }), { requestId: 'the-request' }), { StatusCode: 202, Payload: undefined });
    assert.deepEqual(runs, []);
    startEvents();
    await until(async () => (await countEventRows(bench)) === 0);
    assert.deepEqual(runs.map(({ text, requestId, arn: invoked }) => [text, requestId, invoked]), [['{"a":1}', 'the-request', `${arn}:live`]]);
    assert.match(bench.logText(), /START RequestId: the-request Version: 1\nEND RequestId: the-request\n/);
  });
});

test('Invoke with Event takes 1 MB and no byte more, and no event for what does not exist', async () => {
  await withLambda(async (bench) => {
    const { call, startEvents } = bench;
    await call('CreateFunction', helloFunction);
    const runs = recordRuns(bench);
    const largest = 'x'.repeat(1_048_576 - 2);
    await call('Invoke', event(largest));
    await assert.rejects(call('Invoke', event(`${largest}y`)), {
      code: 'RequestTooLargeException',
      message: '1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
    });
    await assert.rejects(call('Invoke', event(1, { Qualifier: '9' })), { code: 'ResourceNotFoundException' });
    startEvents();
    await until(() => runs.length > 0);
    assert.deepEqual(runs.map(({ text }) => text.length), [1_048_576]);
  });
});

test('An event that the function fails on is tried again after one and two minutes, and then kept as a dead record', async () => {
  await withLambda(async (bench) => {
    const { call, clock, startEvents } = bench;
    await call('CreateFunction', helloFunction);
    const runs = recordRuns(bench, () => failure);
    const dispatcher = startEvents();
    const startMs = clock.now();
    await call('Invoke', event('x'), { requestId: 'one' });
    await until(() => runs.length === 1);
    await turns(200);
    for (let second = 0; second < 600; second += 5) {
      clock.advance(5_000);
      await turns(60);
    }
    assert.deepEqual(runs.map(({ atMs, requestId }) => [(atMs - startMs) / minute, requestId]), [[0, 'one'], [1, 'one'], [3, 'one']]);
    const dead = await dispatcher.listDead({ limit: 10 });
    assert.deepEqual(dead.map(({ reason }) => reason), ['RetriesExhausted']);
  });
});

test('An event that succeeds at the second attempt is forgotten', async () => {
  await withLambda(async (bench) => {
    const { call, clock, startEvents } = bench;
    await call('CreateFunction', helloFunction);
    let failures = 1;
    const runs = recordRuns(bench, ({ event: payload }) => ((failures -= 1) >= 0 ? failure : { kind: 'response', payload }));
    startEvents();
    await call('Invoke', event('x'));
    await until(() => runs.length === 1);
    // When the failure is noted is not known, and the minute counts from then.
    await until(async () => {
      clock.advance(1_000);
      return (await countEventRows(bench)) === 0;
    });
    clock.advance(60 * minute);
    await turns();
    assert.equal(runs.length, 2);
  });
});

test('A throttled event waits without counting as a failure of the function, for six hours at most', async () => {
  await withLambda(async (bench) => {
    const { call, clock, sandbox, startEvents } = bench;
    await call('CreateFunction', helloFunction);
    await call('PutFunctionConcurrency', { FunctionName: 'hello', ReservedConcurrentExecutions: 1 });
    let release = (): void => undefined;
    const started: string[] = [];
    sandbox.behaviour.invoke = ({ event: payload }) => {
      started.push(Buffer.from(payload).toString());
      return new Promise((resolve) => (release = () => resolve({ kind: 'response', payload })));
    };
    // Somebody else holds the only place.
    const hold = async (): Promise<{ readonly held: Promise<unknown> }> => {
      const before = started.length;
      const held = call('Invoke', { FunctionName: 'hello', Payload: Buffer.from('"held"') });
      await until(() => started.length > before);
      return { held };
    };
    const dispatcher = startEvents();
    const first = await hold();
    await call('Invoke', event('patient'));
    for (let round = 0; round < 200; round += 1) {
      await turns(10);
      clock.advance(minute);
    }
    assert.deepEqual(started, ['"held"']);
    release();
    await first.held;
    clock.advance(5 * minute);
    await until(() => started.length === 2);
    release();
    await until(async () => (await countEventRows(bench)) === 0);
    const second = await hold();
    await call('Invoke', event('unlucky'));
    for (let round = 0; round < 370; round += 1) {
      await turns(10);
      clock.advance(minute);
    }
    const dead = await dispatcher.listDead({ limit: 10 });
    const payloads = await Promise.all(dead.map(async (record) => Buffer.from((await dispatcher.readDead(record))?.payload ?? []).toString()));
    assert.deepEqual(payloads, ['"unlucky"']);
    release();
    await second.held;
  });
});

test('Events of a function without any concurrency end without a retry, and so do those of a deleted one', async () => {
  await withLambda(async (bench) => {
    const { call, startEvents } = bench;
    await call('CreateFunction', helloFunction);
    const runs = recordRuns(bench);
    await call('PutFunctionConcurrency', { FunctionName: 'hello', ReservedConcurrentExecutions: 0 });
    await call('Invoke', event('closed'));
    const dispatcher = startEvents();
    await until(async () => (await dispatcher.listDead({ limit: 10 })).length === 1);
    await call('DeleteFunctionConcurrency', { FunctionName: 'hello' });
    await dispatcher.stop(0);
    await call('Invoke', event('deleted'));
    await call('DeleteFunction', { FunctionName: 'hello' });
    const second = startEvents();
    await until(async () => (await second.listDead({ limit: 10 })).length === 2);
    assert.deepEqual((await second.listDead({ limit: 10 })).map(({ reason }) => reason), ['ZeroReservedConcurrency', 'FunctionNotFound']);
    assert.deepEqual(runs, []);
  });
});

test('Events survive a server that is killed while they run: each runs again, none is lost', async () => {
  await withLambda(async (bench) => {
    const { call, sandbox, startEvents, restart } = bench;
    await call('CreateFunction', helloFunction);
    sandbox.behaviour.invoke = () => new Promise(() => undefined);
    startEvents();
    for (let index = 0; index < 5; index += 1) await call('Invoke', event(index));
    await until(() => sandbox.alive() === 5);
    // The first server says nothing more, as a killed one.
    const runs = recordRuns(bench);
    startEvents(restart());
    await until(async () => (await countEventRows(bench)) === 0);
    assert.deepEqual(runs.map(({ text }) => text).sort(), ['0', '1', '2', '3', '4']);
  });
});

test('Another service may deliver to a function only what the function\'s policy allows', async () => {
  await withLambda(async (bench) => {
    const { call, store, clock, warnings, startEvents } = bench;
    await call('CreateFunction', helloFunction);
    const runs = recordRuns(bench);
    const emitter = createEmitter({ clock, random: createSeededRandom(5) });
    const tell = (text: string): Promise<string> =>
      store.transact(async (tx) =>
        emitter.emit(tx, {
          ...{ source: 's3', sourceArn: 'arn:aws:s3:::photos', target: arn, account, region: 'us-east-1' },
          ...{ callingPrincipal: 's3.amazonaws.com', payload: Buffer.from(JSON.stringify(text)) },
        }),
      );
    const dispatcher = startEvents();
    await tell('too early');
    await until(async () => (await dispatcher.listDead({ limit: 10 })).length === 1);
    assert.deepEqual((await dispatcher.listDead({ limit: 10 })).map(({ reason }) => reason), ['AccessDenied']);
    assert.match(String(warnings.find(({ text }) => text === 'a function does not let a service invoke it')?.fields.remedy), /^aws lambda add-permission .* --principal s3\.amazonaws\.com/);
    await call('AddPermission', { FunctionName: 'hello', StatementId: 's3', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com', SourceArn: 'arn:aws:s3:::photos' });
    const id = await tell('now');
    await until(() => runs.length === 1);
    assert.deepEqual(runs.map(({ text, requestId }) => [text, requestId]), [['"now"', id]]);
  });
});

test('Events of one function take half of the host\'s environments and wait in their queue for more', async () => {
  await withLambda(async (bench) => {
    const { call, sandbox, startEvents } = bench;
    await call('CreateFunction', helloFunction);
    const releases: (() => void)[] = [];
    sandbox.behaviour.invoke = ({ event: payload }) => new Promise((resolve) => releases.push(() => resolve({ kind: 'response', payload })));
    for (let index = 0; index < 5; index += 1) await call('Invoke', event(index));
    const dispatcher = startEvents();
    await until(() => releases.length === 2);
    await turns(200);
    assert.deepEqual([releases.length, dispatcher.inFlight()], [2, 2]);
    for (let index = 0; index < 5; index += 1) {
      await until(() => releases.length > index);
      releases[index]?.();
    }
    await until(async () => (await countEventRows(bench)) === 0);
    // None was throttled: the environments served one after another.
    assert.equal(sandbox.started.length, 2);
  }, { hostEnvironmentsMax: 4 });
});
