// What handlers written for Node.js may do, and what a caller sees when they fail.
// Sources: Lambda developer guide, "Define Lambda function handler in Node.js" and "Using the Lambda context object to
// retrieve Node.js function information"; the runtime interface client aws/aws-lambda-nodejs-runtime-interface-client
// (src/Errors.js, src/UserFunction.js) for error documents.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createFunction, invoke, uniqueName, type FunctionSettings, type Invocation } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';

type Json = Record<string, unknown>;

const scene = useServer();

async function run(source: string, event: unknown = {}, settings: Partial<FunctionSettings> = {}): Promise<Invocation> {
  const { aws, roleArn } = scene();
  const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source }, ...settings });
  return invoke(aws.lambda, name, event, { LogType: 'Tail' });
}

function answers(invocation: Invocation, expected: unknown): void {
  assert.equal(invocation.functionError, undefined, invocation.text.slice(0, 1_000));
  assert.equal(invocation.status, 200);
  assert.deepEqual(invocation.payload, expected);
}

function fails(invocation: Invocation, expected: { readonly errorType: string; readonly errorMessage: string | RegExp }): Json {
  // A function that fails is still a served request (Invoke API reference, "FunctionError").
  assert.deepEqual([invocation.status, invocation.functionError], [200, 'Unhandled'], invocation.text.slice(0, 1_000));
  const { errorType, errorMessage } = invocation.payload as Json;
  assert.equal(errorType, expected.errorType, invocation.text.slice(0, 1_000));
  if (typeof expected.errorMessage === 'string') assert.equal(errorMessage, expected.errorMessage);
  else assert.match(String(errorMessage), expected.errorMessage);
  return invocation.payload as Json;
}

suite('Node.js handlers that answer', () => {
  test('an async handler answers what it returns', async () => {
    answers(await run('exports.handler = async (event) => ({ doubled: event.n * 2 });', { n: 21 }), { doubled: 42 });
  });
  test('an async handler that returns nothing answers null', async () => {
    answers(await run('exports.handler = async () => {};'), null);
  });
  test('a callback handler answers the second argument of its callback', async () => {
    answers(await run('exports.handler = (event, context, callback) => setTimeout(() => callback(null, { later: true }), 20);'), { later: true });
  });
  test('a synchronous handler answers through its callback', async () => {
    answers(await run("exports.handler = (event, context, callback) => { callback(null, 'now'); };"), 'now');
  });
  test('a synchronous handler that calls nothing answers null once the event loop is empty', async () => {
    answers(await run('exports.handler = () => ({ lost: true });'), null);
  });
  test('callbackWaitsForEmptyEventLoop=false answers although a timer is pending', async () => {
    const source = `exports.handler = (event, context, callback) => {
      context.callbackWaitsForEmptyEventLoop = false;
      setTimeout(() => undefined, 60_000);
      callback(null, 'early');
    };`;
    answers(await run(source), 'early');
  });
  test('a callback waits for an empty event loop otherwise', async () => {
    const source = `exports.handler = (event, context, callback) => {
      const startedAt = Date.now();
      setTimeout(() => console.log('waited ' + (Date.now() - startedAt >= 100)), 150);
      callback(null, 'after');
    };`;
    const invocation = await run(source);
    answers(invocation, 'after');
    assert.match(invocation.logTail, /waited true/);
  });
  test('an ES module with top-level await is a handler (index.mjs)', async () => {
    const source = 'const ready = await Promise.resolve(7); export const handler = async () => ready;';
    answers(await run('', {}, { files: { 'index.mjs': source } }), 7);
  });
  test('package.json with "type": "module" makes index.js an ES module', async () => {
    const files = { 'package.json': '{"type":"module"}', 'index.js': "import { helper } from './helper.js'; export const handler = async () => helper();", 'helper.js': 'export const helper = () => "esm";' };
    answers(await run('', {}, { files }), 'esm');
  });
  test('a handler may live in a folder and be a property of an exported object', async () => {
    answers(await run('', {}, { files: { 'src/app.js': 'exports.api = { get: async () => "nested" };' }, Handler: 'src/app.api.get' }), 'nested');
  });
  test('bytes beyond ASCII come and go unharmed', async () => {
    answers(await run('exports.handler = async (event) => event;', { text: 'Grüße, 世界 🌍', list: [1, 2.5, null, true] }), {
      text: 'Grüße, 世界 🌍',
      list: [1, 2.5, null, true],
    });
  });
  test('the context is complete', async () => {
    const FunctionName = uniqueName('context');
    const source = `exports.handler = async (event, context) => {
      const remaining = context.getRemainingTimeInMillis();
      return { ...context, keys: Object.keys(context).sort(), remaining };
    };`;
    const invocation = await run(source, {}, { FunctionName, MemorySize: 192, Timeout: 5 });
    const context = invocation.payload as Json;
    assert.equal(context['functionName'], FunctionName);
    assert.equal(context['functionVersion'], '$LATEST');
    assert.equal(context['invokedFunctionArn'], `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`);
    assert.equal(context['memoryLimitInMB'], '192', 'a string, as the runtime interface client gives it');
    assert.equal(context['awsRequestId'], invocation.requestId);
    assert.equal(context['logGroupName'], `/aws/lambda/${FunctionName}`);
    assert.match(String(context['logStreamName']), /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    assert.equal(context['callbackWaitsForEmptyEventLoop'], true);
    const remaining = Number(context['remaining']);
    assert.ok(remaining > 0 && remaining <= 5_000, `remaining time: ${remaining}`);
  });
  test('console output reaches the log with time, request id and level', async () => {
    const invocation = await run("exports.handler = async () => { console.info('one'); console.error('two %d', 2); };");
    const { requestId } = invocation;
    assert.match(invocation.logTail, new RegExp(`Z\t${requestId}\tINFO\tone\n`));
    assert.match(invocation.logTail, new RegExp(`Z\t${requestId}\tERROR\ttwo 2\n`));
  });
});

suite('Node.js handlers that fail', () => {
  test('a thrown error names its type, message and trace', async () => {
    const payload = fails(await run("exports.handler = async () => { throw new RangeError('out of bounds'); };"), {
      errorType: 'RangeError',
      errorMessage: 'out of bounds',
    });
    assert.deepEqual(Object.keys(payload).sort(), ['errorMessage', 'errorType', 'trace']);
    const trace = payload['trace'] as string[];
    assert.equal(trace[0], 'RangeError: out of bounds');
    assert.match(trace[1] ?? '', /^ {4}at .*\/var\/task\/index\.js:1:\d+/);
  });
  test("an error's own name is its type", async () => {
    const source = "class OrderRefused extends Error { constructor() { super('no stock'); this.name = 'OrderRefused'; } } exports.handler = async () => { throw new OrderRefused(); };";
    fails(await run(source), { errorType: 'OrderRefused', errorMessage: 'no stock' });
  });
  test('a synchronous throw is an error of the function', async () => {
    fails(await run("exports.handler = () => { throw new Error('at once'); };"), { errorType: 'Error', errorMessage: 'at once' });
  });
  test('the first argument of a callback is an error', async () => {
    fails(await run("exports.handler = (event, context, callback) => callback(new TypeError('by callback'));"), { errorType: 'TypeError', errorMessage: 'by callback' });
  });
  test('an error that is no Error is described by its kind', async () => {
    fails(await run("exports.handler = (event, context, callback) => callback('just text');"), { errorType: 'string', errorMessage: 'just text' });
  });
  test('a rejection that nobody handles ends the invocation', async () => {
    const source = "exports.handler = () => new Promise(() => { Promise.reject(new Error('forgotten')); });";
    fails(await run(source), { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'Error: forgotten' });
  });
  test('an exception in a timer ends the invocation', async () => {
    const source = "exports.handler = () => new Promise(() => setTimeout(() => { throw new Error('in a timer'); }, 10));";
    fails(await run(source), { errorType: 'Error', errorMessage: 'in a timer' });
  });
  test('a syntax error is told with its line', async () => {
    fails(await run('exports.handler = async () => {\n  return 1 +;\n};'), { errorType: 'Runtime.UserCodeSyntaxError', errorMessage: /^SyntaxError: Unexpected token ';'/ });
  });
  test('a module that is missing is named', async () => {
    const invocation = await run("require('absent-module'); exports.handler = async () => 1;");
    fails(invocation, { errorType: 'Runtime.ImportModuleError', errorMessage: /^Error: Cannot find module 'absent-module'\nRequire stack:\n- \/var\/task\/index\.js/ });
  });
  test('a file that is missing is named', async () => {
    fails(await run('exports.handler = async () => 1;', {}, { Handler: 'absent.handler' }), { errorType: 'Runtime.ImportModuleError', errorMessage: /^Error: Cannot find module 'absent'/ });
  });
  test('a handler that is missing is named', async () => {
    fails(await run('exports.other = async () => 1;'), { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.handler is undefined or not exported' });
  });
  test('a throw while loading is an init error', async () => {
    fails(await run("throw new Error('while loading');"), { errorType: 'Error', errorMessage: 'while loading' });
  });
  test('process.exit is told as an exit', async () => {
    const invocation = await run('exports.handler = async () => { process.exit(3); };');
    fails(invocation, { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${invocation.requestId} Error: Runtime exited with error: exit status 3` });
  });
  test('running out of memory is told as a kill, and the next invocation starts afresh', async () => {
    const { aws, roleArn } = scene();
    const source = 'exports.handler = async (event) => { if (event.fine) return "fine"; const kept = []; for (let i = 0; i < 64; i += 1) kept.push(Buffer.alloc(16 * 1024 * 1024, 1)); return kept.length; };';
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source }, MemorySize: 128, Timeout: 20 });
    fails(await invoke(aws.lambda, name), { errorType: 'Runtime.ExitError', errorMessage: /^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: signal: killed$/ });
    answers(await invoke(aws.lambda, name, { fine: true }), 'fine');
  });
  test('the timeout ends the invocation and says after how many seconds', async () => {
    const startedAt = performance.now();
    const invocation = await run('exports.handler = () => new Promise((resolve) => setTimeout(resolve, 60_000));', {}, { Timeout: 1 });
    const { errorMessage } = invocation.payload as Json;
    assert.equal(invocation.functionError, 'Unhandled');
    assert.match(String(errorMessage), /Task timed out after 1\.00 seconds$/);
    assert.match(invocation.logTail, /Task timed out after 1\.00 seconds/);
    assert.ok(performance.now() - startedAt < 30_000);
  });
  test('a busy loop is ended by the timeout too', async () => {
    const invocation = await run('exports.handler = async () => { for (;;); };', {}, { Timeout: 1 });
    assert.match(String((invocation.payload as Json)['errorMessage']), /Task timed out after 1\.00 seconds$/);
  });
  test('an answer larger than 6 MB is refused', async () => {
    const invocation = await run("exports.handler = async () => 'x'.repeat(6_291_556);", {}, { MemorySize: 512, Timeout: 20 });
    fails(invocation, { errorType: 'Function.ResponseSizeTooLarge', errorMessage: /^Response payload size exceeded maximum allowed payload size \(6291556 bytes\)\.$/ });
  });
  test('nodejs24.x refuses a callback handler', async () => {
    // "Starting with Node.js 24 … callback-based function handlers are no longer supported" (developer guide, Node.js handler).
    const invocation = await run('exports.handler = (event, context, callback) => callback(null, 1);', {}, { Runtime: 'nodejs24.x' });
    fails(invocation, { errorType: 'Runtime.CallbackHandlerDeprecated', errorMessage: /callback/i });
  });
});
