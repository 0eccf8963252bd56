import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionArn, initError, node, openTestSandbox } from './harness.ts';
import type { FunctionOptions, TestFunction } from './harness.ts';

const { start } = await openTestSandbox();

/** Starts a function from the text of its index.js and ends it after the test's body. */
async function run(source: string, body: (started: TestFunction) => Promise<void>, options: Partial<FunctionOptions> = {}): Promise<void> {
  const started = await start({ runtime: node, files: { 'index.js': source }, ...options });
  try {
    await body(started);
  } finally {
    await started.environment.kill();
  }
}

test('the Node.js runtime serves ES modules: by extension, by package type, with top-level await, and in nested folders', async () => {
  const source = 'const word = await Promise.resolve("esm"); export const handler = async () => word + " " + import.meta.url;';
  await run('', async (f) => assert.equal(await f.call(), 'esm file:///var/task/index.mjs'), { files: { 'index.mjs': source } });
  await run('', async (f) => assert.equal(await f.call(), 'esm file:///var/task/src/app.js'), {
    files: { 'src/app.js': source, 'package.json': '{"type":"module"}' }, handler: 'src/app.handler',
  });
  await run('exports.a = { b: { handler: async () => "deep" } };', async (f) => assert.equal(await f.call(), 'deep'), { handler: 'index.a.b.handler' });
});

test('the Node.js runtime serves callbacks, and waits for the event loop unless told not to', async () => {
  const source = `
    exports.handler = (event, context, callback) => {
      if (event.noWait) context.callbackWaitsForEmptyEventLoop = false;
      setTimeout(() => { global.late = (global.late ?? 0) + 1; }, 40);
      callback(null, { late: global.late ?? 0, isPlain: context.callbackWaitsForEmptyEventLoop });
    };`;
  await run(source, async (f) => {
    const answers = [await f.call({ noWait: true }), await f.call({})];
    assert.deepEqual(answers, [{ late: 0, isPlain: false }, { late: 0, isPlain: true }]);
    // The second answer waited for both timers.
    assert.deepEqual(await f.call({ noWait: true }), { late: 2, isPlain: false });
  });
});

test('the Node.js runtime answers null when a callback handler never answers and fails an async one whose promise never settles', async () => {
  await run('exports.handler = () => "ignored";', async (f) => assert.equal(await f.call(), null));
  await run('exports.handler = async () => new Promise(() => {});', async (f) => {
    const error = await f.fail();
    assert.equal(error.errorType, 'Runtime.NodeJsExit');
    assert.match(f.output(), /\tERROR\tInvoke Error \t\{"errorType":"Runtime\.NodeJsExit"/);
  });
});

test('the Node.js runtime gives a complete context', async () => {
  const source = `exports.handler = async (event, c) => ({ ...c, remaining: c.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID,
    functions: ['done', 'succeed', 'fail', 'getRemainingTimeInMillis'].filter((k) => typeof c[k] === 'function') });`;
  await run(source, async (f) => {
    const clientContext = '{"custom":{"who":"tést"}}';
    const seen = (await f.call({}, { requestId: 'id-1', clientContext, traceId: 'Root=1-x', timeoutMs: 5000 })) as Record<string, unknown>;
    const { remaining, ...rest } = seen;
    assert.ok(typeof remaining === 'number' && remaining > 3000 && remaining <= 5000, String(remaining));
    assert.deepEqual(rest, {
      functionName: 'probe', functionVersion: '$LATEST', memoryLimitInMB: '1769', logGroupName: '/aws/lambda/probe',
      logStreamName: '2026/01/01/[$LATEST]0123456789abcdef', awsRequestId: 'id-1', invokedFunctionArn: functionArn,
      clientContext: { custom: { who: 'tést' } }, callbackWaitsForEmptyEventLoop: true, trace: 'Root=1-x',
      functions: ['done', 'succeed', 'fail', 'getRemainingTimeInMillis'],
    });
    assert.equal(((await f.call()) as Record<string, unknown>)['trace'], undefined);
  });
});

test('the Node.js runtime reports errors of handlers exactly, and logs them', async () => {
  const source = `
    class MyError extends Error { constructor(m) { super(m); this.name = 'MyError'; this.code = 'E_MINE'; this.extra = 1; } }
    exports.handler = async (event, context) => {
      if (event.kind === 'throw') throw new MyError('boom');
      if (event.kind === 'string') throw 'just text';
      if (event.kind === 'circular') { const a = {}; a.a = a; return a; }
      if (event.kind === 'fail') return context.fail(new TypeError('failed'));
      if (event.kind === 'undefined') return undefined;
      return event;
    };`;
  await run(source, async (f) => {
    const error = await f.fail({ kind: 'throw' }, { requestId: 'id-2' });
    assert.equal(error.errorType, 'MyError');
    assert.equal(error.errorMessage, 'boom');
    assert.equal(error.trace?.[0], 'MyError: boom');
    assert.match(error.trace?.[1] ?? '', /^ {4}at exports\.handler \(\/var\/task\/index\.js:4:/);
    assert.match(f.chunks[0]?.text ?? '', /Z\tid-2\tERROR\tInvoke Error \t\{"errorType":"MyError","errorMessage":"boom","code":"E_MINE","name":"MyError","extra":1,"stack":\["MyError: boom",/);
    assert.deepEqual(await f.fail({ kind: 'string' }), { errorType: 'string', errorMessage: 'just text', trace: [] });
    assert.equal((await f.fail({ kind: 'circular' })).errorMessage, 'Unable to stringify response body');
    assert.equal((await f.fail({ kind: 'fail' })).errorType, 'TypeError');
    assert.equal(await f.call({ kind: 'undefined' }), null);
  });
});

test('the Node.js runtime ends on what nobody catches, after telling the invocation', async () => {
  const rejection = 'exports.handler = async () => { Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 1000)); };';
  await run(rejection, async (f) => {
    const error = await f.fail();
    assert.equal(error.errorType, 'Runtime.UnhandledPromiseRejection');
    assert.equal(error.errorMessage, 'Error: lost');
    assert.match(f.output(), /ERROR\tUnhandled Promise Rejection \t\{"errorType":"Runtime\.UnhandledPromiseRejection"/);
    assert.equal((await f.environment.exited).code, 128);
  });
  await run('exports.handler = (e, c, cb) => { setTimeout(() => { throw new RangeError("later"); }, 5); };', async (f) => {
    assert.equal((await f.fail()).errorType, 'RangeError');
    assert.equal((await f.environment.exited).code, 129);
  });
});

test('the Node.js runtime tells an exit with its code, even 137, from a kill', async () => {
  for (const [statement, exit] of [
    ['process.exit(7)', { code: 7, signal: undefined, outOfMemory: false }],
    ['process.exit(137)', { code: 137, signal: undefined, outOfMemory: false }],
    ['process.kill(process.pid, "SIGKILL")', { code: undefined, signal: 'SIGKILL', outOfMemory: false }],
    ['process.abort()', { code: undefined, signal: 'SIGABRT', outOfMemory: false }],
  ] as const) {
    await run(`exports.handler = async () => { console.log("last words"); ${statement}; };`, async (f) => {
      await f.environment.init;
      assert.deepEqual(await f.invoke(), { kind: 'exited', exit }, statement);
      assert.match(f.output(), /last words/);
    });
  }
});

test('the Node.js runtime names what is wrong with a handler before any event', async () => {
  const cases = [
    [{ 'index.js': 'exports.other = 1;' }, 'index.handler', 'Runtime.HandlerNotFound', 'index.handler is undefined or not exported'],
    [{ 'index.js': 'exports.handler = 1;' }, 'index.handler', 'Runtime.HandlerNotFound', 'index.handler is not a function'],
    [{ 'index.js': 'exports.handler = (' }, 'index.handler', 'Runtime.UserCodeSyntaxError', 'SyntaxError: Unexpected end of input'],
    [{ 'index.js': 'require("nope")' }, 'index.handler', 'Runtime.ImportModuleError', "Error: Cannot find module 'nope'\nRequire stack:\n- /var/task/index.js\n- /var/runtime/index.mjs"],
    [{ 'other.js': '' }, 'index.handler', 'Runtime.ImportModuleError', "Error: Cannot find module 'index'\nRequire stack:\n- /var/runtime/index.mjs"],
    [{ 'index.js': '' }, 'index', 'Runtime.MalformedHandlerName', 'Bad handler'],
    [{ 'index.js': '' }, '../index.handler', 'Runtime.MalformedHandlerName', "'../index.handler' is not a valid handler name. Use absolute paths when specifying root directories in handler names."],
    [{ 'index.js': 'throw new RangeError("at load");' }, 'index.handler', 'RangeError', 'at load'],
  ] as const;
  for (const [files, handler, errorType, errorMessage] of cases) {
    await run('', async (f) => {
      const error = await initError(f);
      assert.equal(error.errorType, errorType);
      assert.equal(error.errorMessage, errorMessage);
      assert.match(f.output(), /^\S+Z\tundefined\tERROR\tUncaught Exception \t\{"errorType"/);
      await f.environment.exited;
    }, { files, handler });
  }
});

test('the Node.js runtime refuses callback handlers from nodejs24.x on, and answers plain return values there', async () => {
  const latest = { family: 'node', version: '24' } as const;
  await run('exports.handler = (event, context, callback) => callback(null, 1);', async (f) => {
    const error = await initError(f);
    assert.equal(error.errorType, 'Runtime.CallbackHandlerDeprecated');
    assert.match(error.errorMessage ?? '', /^ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node\.js 24\./);
  }, { runtime: latest });
  await run('exports.handler = (event, context) => ({ plain: true, done: typeof context.done });', async (f) => {
    assert.deepEqual(await f.call(), { plain: true, done: 'undefined' });
  }, { runtime: latest });
});

test('the Node.js runtime writes console in the text format, one event a call, and raw output line by line', async () => {
  const source = `
    console.log('init');
    exports.handler = async () => {
      console.log('two\\nlines %d', 5, { a: 1 });
      console.error(new Error('shown').message);
      console.debug('d'); console.warn('w');
      process.stdout.write('half ');
      process.stdout.write('line\\nsecond\\nopen');
      require('fs').writeSync(1, 'raw\\n');
      require('child_process').execSync('echo child >&2; echo again > /dev/stderr', { stdio: 'inherit' });
    };`;
  await run(source, async (f) => {
    await f.call({}, { requestId: 'id-3' });
    const texts = f.chunks.map(({ text }) => text.replace(/^\S+Z\t/, 'T\t'));
    assert.deepEqual(texts.slice(0, 5), [
      'T\tundefined\tINFO\tinit\n', 'T\tid-3\tINFO\ttwo\nlines 5 { a: 1 }\n', 'T\tid-3\tERROR\tshown\n', 'T\tid-3\tDEBUG\td\n', 'T\tid-3\tWARN\tw\n',
    ]);
    const raw = texts.slice(5).join('');
    for (const line of ['half line\n', 'second\n', 'raw\n', 'child\n', 'again\n', 'open']) assert.ok(raw.includes(line), `${line} in ${raw}`);
  });
});

test('the Node.js runtime writes console as JSON, from the level that is asked for', async () => {
  const source = 'exports.handler = async () => { console.log("hidden"); console.warn({ a: 1 }); console.error("text", new TypeError("x")); };';
  await run(source, async (f) => {
    await f.call({}, { requestId: 'id-4' });
    const records = f.chunks.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
    assert.equal(records.length, 2);
    assert.deepEqual({ ...records[0], timestamp: '' }, { timestamp: '', level: 'WARN', requestId: 'id-4', message: { a: 1 } });
    assert.equal(records[1]?.['errorType'], 'TypeError');
  }, { variables: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'WARN' } });
});

test('the Node.js runtime finds modules of layers and keeps state and /tmp while warm', async () => {
  const source = `
    let count = 0;
    const fs = require('fs');
    exports.handler = async () => { count += 1; fs.appendFileSync('/tmp/log', 'x'); return { word: require('word'), count, length: fs.readFileSync('/tmp/log').length }; };`;
  await run(source, async (f) => {
    await f.call();
    assert.deepEqual(await f.call(), { word: 'from a layer', count: 2, length: 2 });
  }, { layers: { 'nodejs/node_modules/word/index.js': 'module.exports = "from a layer";' } });
});

test('the Node.js runtime collects what a streaming handler writes', async () => {
  const source = `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.setContentType('application/json'); stream.write('[1,'); stream.write('2]'); stream.end(); });`;
  await run(source, async (f) => assert.deepEqual(await f.call(), [1, 2]));
});
