// Functions in Java, run by AWS's own client: fetched by Maven, once for a machine.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimeKind } from '../../src/sandbox/types.ts';
import { compileFunction, javaCache, javaSkipReason, makeJar } from '../support/javaFunctions.ts';
import { fixtures, functionArn, initError, openTestSandbox } from './harness.ts';

const skip = await javaSkipReason();
const source = join(fixtures, 'java', 'handlers', 'Handlers.java');
const java: RuntimeKind = { family: 'java', version: '17' };
const box = await openTestSandbox({ cacheFolder: javaCache() });
const pooled = await openTestSandbox({ cacheFolder: javaCache(), pooled: true });
const folder = skip ? '' : await prepare();

/** The first of a machine fetches AWS's client. */
async function prepare(): Promise<string> {
  box.sandbox.prepare(java);
  const giveUpMs = Date.now() + 120_000;
  while (box.sandbox.isPreparing(java) && Date.now() < giveUpMs) await sleep(50);
  const compiled = await compileFunction(source);
  if (typeof compiled !== 'string') throw new Error(`${compiled.missing} ${JSON.stringify(box.logs)}`);
  return compiled;
}

const start = (handler: string, from = box, more = {}) => from.start({ runtime: java, handler, codeFolder: folder, memoryMegabytes: 512, ...more });

test('a RequestHandler gets its event, a whole context and the environment, and keeps its state', { skip }, async () => {
  const started = await start('probe.Handlers::handleRequest', box, { variables: { GREETING: 'hello' } });
  const first = (await started.call({ a: [1, { b: 'é' }] }, { requestId: 'request-1', clientContext: '{"custom":{"who":"me"}}', traceId: 'Root=1-x' })) as Record<string, unknown>;
  assert.deepEqual(first, {
    event: { a: [1, { b: 'é' }] }, count: 1, requestId: 'request-1', arn: functionArn, memory: 512, function: 'probe', left: true, custom: { who: 'me' },
    heapMegabytes: first['heapMegabytes'], variable: 'hello', traceId: 'Root=1-x', folder: first['folder'],
  });
  // 85 % of the function's memory, less the survivor space that the virtual machine does not count.
  assert.ok(Number(first['heapMegabytes']) > 380 && Number(first['heapMegabytes']) <= 436, String(first['heapMegabytes']));
  assert.equal(((await started.call()) as { count: number }).count, 2);
  assert.match(started.output(), /from the logger\nfrom standard output\n/);
});

test('methods of any name with classes of their own, and streams, are handlers', { skip }, async () => {
  const [order, stream] = await Promise.all([start('probe.Handlers::order'), start('probe.Handlers$Stream::handleRequest')]);
  assert.deepEqual(await order.call({ item: 'tea', amount: 2, tags: ['hot'] }), { text: '2 x tea [hot]' });
  assert.equal(await stream.call(321), 123);
});

test("what a handler throws is AWS's error document, and the environment goes on", { skip }, async () => {
  const started = await start('probe.Handlers$Failing::fail');
  for (const what of ['bread', 'salt']) {
    const error = await started.fail({ what });
    assert.equal(error.errorType, 'java.lang.IllegalStateException');
    assert.equal(error.errorMessage, `no ${what}`);
    assert.match(error.stackTrace?.[0] ?? '', /^probe\.Handlers\$Failing\.fail\(Handlers\.java:\d+\)$/);
  }
  const exiting = await start('probe.Handlers$Failing::exit');
  assert.equal((await exiting.environment.init).kind, 'ready');
  const outcome = await exiting.invoke();
  assert.deepEqual(outcome.kind === 'exited' && outcome.exit.code, 3);
});

// The client answers the first event with what is missing.
test('a class that is missing, or cannot be made ready, is told in the words of the client', { skip }, async () => {
  const [missing, unready] = await Promise.all([start('probe.Nowhere::handle'), start('probe.Handlers$Unready::handle')]);
  const error = await missing.fail();
  assert.deepEqual([error.errorType, error.errorMessage], ['java.lang.ClassNotFoundException', 'Class not found: probe.Nowhere']);
  assert.equal((await initError(unready)).errorType, 'java.lang.ExceptionInInitializerError');
});

test('libraries of a package (lib/*.jar) and of layers (java/lib/*.jar) are found', { skip }, async (t) => {
  const scratch = mkdtempSync(join(tmpdir(), 'haneul-java-test-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const inPackage = makeJar(folder, join(scratch, 'code', 'lib', 'handlers.jar'));
  const inLayer = makeJar(folder, join(scratch, 'layers', 'java', 'lib', 'handlers.jar'));
  const empty = makeJar(undefined, join(scratch, 'empty', 'readme.jar'));
  for (const path of [inPackage, inLayer, empty]) assert.ok(existsSync(path));
  const fromPackage = await start('probe.Handlers::order', box, { codeFolder: join(scratch, 'code') });
  assert.deepEqual(await fromPackage.call({ item: 'a', amount: 1 }), { text: '1 x a null' });
  const fromLayer = await start('probe.Handlers::order', box, { codeFolder: join(scratch, 'empty'), layersFolder: join(scratch, 'layers') });
  assert.deepEqual(await fromLayer.call({ item: 'b', amount: 1 }), { text: '1 x b null' });
});

test('JAVA_TOOL_OPTIONS and a wrapper script change the start, as on AWS', { skip }, async (t) => {
  const started = await start('probe.Handlers::handleRequest', box, { variables: { JAVA_TOOL_OPTIONS: '-Xmx64m' } });
  assert.ok(((await started.call()) as { heapMegabytes: number }).heapMegabytes <= 64);
  assert.match(started.output(), /Picked up JAVA_TOOL_OPTIONS: -Xmx64m/);
  if (box.skipReason) return t.skip(box.skipReason);
  const wrapper = '#!/bin/sh\nexport GREETING="wrapped $1"\nexec "$@"\n';
  const wrapped = await start('probe.Handlers::handleRequest', box, { layers: { wrapper }, variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrapper' } });
  assert.match(String(((await wrapped.call()) as { variable: string }).variable), /^wrapped \/.*java$/);
});

test('classes that every function loads are mapped from an archive that functions cannot write, also in an environment that waited', { skip }, async (t) => {
  const archive = (): string | undefined => readdirSync(javaCache(), { recursive: true }).map(String).find((name) => /jars\/java-17[\d.]*-[\w-]+\.jsa$/.test(name));
  const giveUpMs = Date.now() + 60_000;
  while (archive() === undefined && Date.now() < giveUpMs) await sleep(100);
  if (box.skipReason) return t.skip(box.skipReason);
  if (!box.sandbox.interpreters.some(({ family, version }) => family === 'java' && version.startsWith('17.'))) return t.skip('not run: there is no Java 17');
  const verbose = { variables: { JAVA_TOOL_OPTIONS: '-Xlog:class+load:file=/tmp/classes.log -Xlog:class+load:stdout' } };
  for (const from of [box, pooled]) {
    const started = await start('probe.Handlers::order', from, verbose);
    await started.call({ item: 'a', amount: 1 });
    assert.match(started.output(), /com\.amazonaws\.services\.lambda\.runtime\.api\.client\.AWSLambda source: shared objects file/);
    await started.environment.kill();
  }
  if (process.getuid?.() === 0) assert.ok(pooled.sandbox.pools().some(({ kind, hits }) => kind.startsWith('java ') && hits > 0), JSON.stringify(pooled.sandbox.pools()));
});

test('without a root of its own a function in Java runs as well', { skip }, async () => {
  const plain = await openTestSandbox({ cacheFolder: javaCache(), isolation: 'none' });
  const started = await start('probe.Handlers::order', plain);
  assert.deepEqual(await started.call({ item: 'tea', amount: 1 }), { text: '1 x tea null' });
});

test('a timeout ends the virtual machine', { skip }, async () => {
  const started = await start('probe.Handlers$Failing::sleep');
  assert.equal((await started.environment.init).kind, 'ready');
  assert.equal((await started.invoke({}, { timeoutMs: 300 })).kind, 'timeout');
  await started.environment.exited;
});
