import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InvocationOutcome, InvocationRequest } from '../../../sandbox/types.ts';
import { helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';

/** What the fake function does with its receiver. */
type Behaviour = (request: InvocationRequest, send: (text: string, taken?: () => void) => void) => Promise<InvocationOutcome>;

async function stream(bench: TestLambda, behave: Behaviour, signal = new AbortController().signal): Promise<AsyncIterator<object>> {
  bench.sandbox.behaviour.invoke = (request) =>
    behave(request, (text, taken = () => undefined) => request.receiver?.onPart(Buffer.from(text), 'text/plain', taken));
  const { EventStream } = await bench.call('InvokeWithResponseStream', { FunctionName: 'hello' }, { signal });
  assert.ok(EventStream);
  return EventStream[Symbol.asyncIterator]();
}

const done: InvocationOutcome = { kind: 'response', payload: new Uint8Array() };
const textOf = ({ value }: IteratorResult<object>): string => JSON.stringify(value, (_key, part: unknown) => (isBytes(part) ? Buffer.from(part.data).toString() : part));
const isBytes = (part: unknown): part is { readonly data: number[] } => typeof part === 'object' && part !== null && 'data' in part;

test('InvokeWithResponseStream: a piece is taken when the reader comes for the next', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    const taken: string[] = [];
    let finish = (): void => undefined;
    const events = await stream(bench, async (_request, send) => {
      send('one', () => taken.push('one'));
      send('two', () => taken.push('two'));
      await new Promise<void>((resolve) => (finish = resolve));
      return done;
    });
    assert.equal(textOf(await events.next()), '{"PayloadChunk":{"Payload":"one"}}');
    assert.deepEqual(taken, []);
    assert.equal(textOf(await events.next()), '{"PayloadChunk":{"Payload":"two"}}');
    assert.deepEqual(taken, ['one']);
    finish();
    assert.equal(textOf(await events.next()), '{"InvokeComplete":{}}');
    assert.equal((await events.next()).done, true);
  });
});

test('InvokeWithResponseStream: a reader that goes away takes everything, and the function runs to its end', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    const abort = new AbortController();
    const taken: string[] = [];
    let finish = (): void => undefined;
    const events = await stream(
      bench,
      async (_request, send) => {
        send('one', () => taken.push('one'));
        await new Promise<void>((resolve) => (finish = resolve));
        send('two', () => taken.push('two'));
        return done;
      },
      abort.signal,
    );
    abort.abort();
    assert.deepEqual(taken, ['one']);
    finish();
    await events.next();
    assert.deepEqual(taken, ['one', 'two']);
  });
});

test('InvokeWithResponseStream: a response over 200 MB, and an error before any piece, end the stream in InvokeComplete', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    const large = await stream(bench, async (_request, send) => {
      send('some');
      return { kind: 'response-too-large', bytes: 209_715_201 };
    });
    await large.next();
    assert.match(textOf(await large.next()), /"ErrorCode":"Function\.ResponseSizeTooLarge".*209715200 bytes/);
    const failed = await stream(bench, async () => ({ kind: 'function-error', payload: Buffer.from('{"errorType":"Oops"}') }));
    assert.equal(textOf(await failed.next()), '{"InvokeComplete":{"ErrorCode":"Unhandled","ErrorDetails":"{\\"errorType\\":\\"Oops\\"}"}}');
  });
});
