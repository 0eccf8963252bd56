// https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html and
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { InvokeWithResponseStreamCommand, type InvokeWithResponseStreamCommandInput } from '@aws-sdk/client-lambda';
import { createFunction, invoke } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const source = `
const tick = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const modes = {
  async words(stream) {
    stream.setContentType('text/plain');
    console.log('writing');
    stream.write('one ');
    await tick(5);
    stream.write('two');
    stream.end();
  },
  async endless(stream) {
    for (;;) {
      stream.write('tick ');
      await tick(10);
    }
  },
  async broken(stream) {
    stream.write('half');
    await tick(5);
    throw new RangeError('the other half is missing');
  },
  async early() {
    throw new TypeError('nothing to say');
  },
  async exits(stream) {
    stream.write('half');
    await tick(50);
    process.exit(3);
  },
  async held(stream) {
    const piece = Buffer.alloc(64 * 1024, 'x');
    let written = 0;
    while (written < 100 * 2 ** 20) {
      written += piece.length;
      if (stream.write(piece)) continue;
      if (await Promise.race([new Promise((resolve) => stream.once('drain', () => resolve(false))), tick(500).then(() => true)])) break;
    }
    console.log('held at', written);
    stream.end();
  },
  async large(stream) {
    for (let count = 0; count < 7; count += 1) {
      if (!stream.write(Buffer.alloc(2 ** 20, 'y'))) await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
  },
};
exports.handler = awslambda.streamifyResponse((event, stream) => modes[event.mode](stream, event));
`;

let name = '';
const scene = useServer({}, async ({ aws, roleArn }) => {
  name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source }, Timeout: 20, MemorySize: 512 });
});

interface Seen {
  readonly status: number | undefined;
  readonly version: string | undefined;
  readonly chunks: readonly string[];
  readonly complete: { readonly ErrorCode?: string | undefined; readonly ErrorDetails?: string | undefined; readonly LogResult?: string | undefined } | undefined;
}

async function stream(mode: string, options: Partial<InvokeWithResponseStreamCommandInput> = {}, onFirst?: () => Promise<void>): Promise<Seen> {
  const { lambda } = scene().aws;
  const answer = await lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify({ mode })), ...options }));
  const chunks: string[] = [];
  let complete: Seen['complete'];
  for await (const event of answer.EventStream ?? []) {
    assert.equal(complete, undefined, 'nothing comes after InvokeComplete');
    if (event.PayloadChunk) chunks.push(Buffer.from(event.PayloadChunk.Payload ?? []).toString());
    if (event.PayloadChunk && chunks.length === 1) await onFirst?.();
    if (event.InvokeComplete) complete = event.InvokeComplete;
  }
  return { status: answer.StatusCode, version: answer.ExecutedVersion, chunks, complete };
}

suite('InvokeWithResponseStream: refusals', () => {
  test('what could not run is answered before any stream', async () => {
    const { aws } = scene();
    const send = (input: Partial<InvokeWithResponseStreamCommandInput>): Promise<unknown> =>
      aws.lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: name, ...input }));
    await expectRefusal(send({ FunctionName: 'missing' }), { name: 'ResourceNotFoundException', status: 404 });
    await expectRefusal(send({ Payload: Buffer.from('{') }), { name: 'InvalidRequestContentException', status: 400 });
    await expectRefusal(send({ Payload: Buffer.alloc(6_291_457, '1') }), { name: 'RequestTooLargeException', status: 413 });
    const { clients } = await createLimitedUser(scene(), []);
    await expectRefusal(clients.lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: name })), { name: 'AccessDeniedException', status: 403, message: /lambda:InvokeFunction on/ });
  });
  test('a dry run runs nothing', async () => {
    const seen = await stream('words', { InvocationType: 'DryRun' });
    assert.deepEqual([seen.status, seen.chunks, seen.complete], [204, [], undefined]);
  });
});

suite('InvokeWithResponseStream', () => {
  test('what is written comes in pieces, then InvokeComplete with the log of the whole invocation', async () => {
    const { status, version, chunks, complete } = await stream('words', { LogType: 'Tail' });
    assert.deepEqual([status, version, chunks], [200, '$LATEST', ['one ', 'two']]);
    assert.deepEqual([complete?.ErrorCode, complete?.ErrorDetails], [undefined, undefined]);
    assert.match(Buffer.from(complete?.LogResult ?? '', 'base64').toString(), /START [^]*writing\n[^]*END [^]*REPORT RequestId: /);
  });
  test('the first piece comes while the handler still runs; a timeout ends the stream and the log says so', async () => {
    const { aws, roleArn } = scene();
    const endless = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source }, Timeout: 1 });
    const { chunks, complete } = await stream('endless', { FunctionName: endless, LogType: 'Tail' });
    assert.ok(chunks.length > 1 && chunks.every((chunk) => chunk.replaceAll('tick ', '') === ''), `${chunks.length} chunks`);
    assert.match(complete?.ErrorDetails ?? '', /Task timed out after 1\.00 seconds/);
    assert.match(Buffer.from(complete?.LogResult ?? '', 'base64').toString(), /Billed Duration: \d+ ms[^]*Status: timeout/);
  });
  test('an error in the middle of the stream is told as the runtime names it', async () => {
    const { chunks, complete } = await stream('broken');
    assert.deepEqual([chunks, complete?.ErrorCode], [['half'], 'RangeError']);
    const { errorType, errorMessage } = JSON.parse(complete?.ErrorDetails ?? '') as Record<string, unknown>;
    assert.deepEqual([errorType, errorMessage], ['RangeError', 'the other half is missing']);
    assert.deepEqual((await stream('words')).chunks, ['one ', 'two'], 'the environment serves the next');
  });
  test('an error before the stream, and a process that ends in it, are in InvokeComplete too', async () => {
    const early = await stream('early');
    assert.deepEqual([early.chunks, early.complete?.ErrorCode], [[], 'Unhandled']);
    assert.match(early.complete?.ErrorDetails ?? '', /"errorType":"TypeError"/);
    const gone = await stream('exits');
    assert.deepEqual(gone.chunks, ['half']);
    assert.match(gone.complete?.ErrorDetails ?? '', /Runtime\.ExitError.*exit status 3/);
  });
  test('a client that does not read holds the function back', async () => {
    const { aws } = scene();
    const isHeld = async (): Promise<boolean> => {
      const { events } = await aws.logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern: '"held at"' }));
      return (events ?? []).length > 0;
    };
    const { chunks, complete } = await stream('held', {}, async () => {
      while (!(await isHeld()));
    });
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    assert.ok(bytes < 50 * 2 ** 20, `${bytes} bytes were on their way`);
    assert.equal(complete?.ErrorCode, undefined);
  });
  test('a client that goes away does not end the function', async () => {
    const { aws } = scene();
    const abort = new AbortController();
    const input = { FunctionName: name, Payload: Buffer.from(JSON.stringify({ mode: 'large' })) };
    const answer = await aws.lambda.send(new InvokeWithResponseStreamCommand(input), { abortSignal: abort.signal });
    const requestId = answer.$metadata.requestId ?? '';
    for await (const event of answer.EventStream ?? []) if (event.PayloadChunk) break;
    abort.abort();
    const isReported = async (): Promise<boolean> => {
      const { events } = await aws.logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern: `"REPORT RequestId: ${requestId}"` }));
      return (events ?? []).some(({ message }) => !message?.includes('Status:'));
    };
    while (!(await isReported()));
  });
  test('a streaming function that is simply invoked answers whole, up to 6 MB', async () => {
    const { aws } = scene();
    const { text } = await invoke(aws.lambda, name, { mode: 'words' });
    assert.equal(text, 'one two');
    const large = await invoke(aws.lambda, name, { mode: 'large' });
    assert.deepEqual([large.functionError, (large.payload as { errorType?: string }).errorType], ['Unhandled', 'Function.ResponseSizeTooLarge']);
    const { chunks } = await stream('large');
    assert.equal(chunks.join('').length, 7 * 2 ** 20, 'a stream may be longer');
  });
  test('a Python function answers in one piece', async () => {
    const { aws, roleArn } = scene();
    const python = await createFunction(aws.lambda, { Role: roleArn, Runtime: 'python3.12', Handler: 'app.handler', files: { 'app.py': 'def handler(event, context):\n    return {"got": event}\n' } });
    const { chunks, complete } = await stream('x', { FunctionName: python });
    assert.deepEqual(chunks, ['{"got": {"mode": "x"}}']);
    assert.equal(complete?.ErrorCode, undefined);
  });
});
