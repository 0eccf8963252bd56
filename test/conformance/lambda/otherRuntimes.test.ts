// Java and Ruby through the service: managed runtimes on the programs of this machine. What handlers may do is held by test/sandbox; here is what the service does
// with them. Sources: Lambda developer guide, "Building Lambda functions with Java" and "Building Lambda functions with Ruby".

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { findInterpreters } from '../../../src/sandbox/interpreters.ts';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { compileFunction, javaSkipReason } from '../../support/javaFunctions.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

// It fetches AWS's client for Java.
const scene = useServer({ offline: false });
const skipJava = await javaSkipReason();
const installed = await findInterpreters(process.env, '/nonexistent/interpreters.json');
const skipRuby = installed.some(({ family }) => family === 'ruby') ? false : 'not run: ruby is not installed';

/** A package as `jar` makes it. */
async function javaPackage(release?: number): Promise<Uint8Array> {
  const folder = await compileFunction(join(packageRoot, 'test', 'fixtures', 'functions', 'java', 'handlers', 'Handlers.java'), release);
  assert.ok(typeof folder === 'string');
  const classes = readdirSync(join(folder, 'probe')).map((name) => [`probe/${name}`, readFileSync(join(folder, 'probe', name))] as const);
  return zipFiles({ 'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0\n', ...Object.fromEntries(classes) });
}

suite('Functions in Java', () => {
  test('CreateFunction takes a package of classes, and Invoke answers from AWS\'s own client, with its logs and errors', { skip: skipJava }, async () => {
    const { aws, roleArn } = scene();
    // The first function of a machine has the client fetched, and is Pending meanwhile.
    const first = await createFunction(aws.lambda, { Role: roleArn, Runtime: 'java17', Handler: 'probe.Handlers::handleRequest', files: { 'readme.txt': 'none' } });
    assert.match((await invoke(aws.lambda, first)).text, /"errorMessage":"Class not found: probe\.Handlers"/);
    const zip = await javaPackage();
    const settings = { Role: roleArn, Runtime: 'java17' as const, zip, MemorySize: 512, Timeout: 30 };
    const name = await createFunction(aws.lambda, { ...settings, Handler: 'probe.Handlers::handleRequest', Environment: { Variables: { GREETING: 'hello' } } });
    const answer = await invoke(aws.lambda, name, { a: 1 }, { LogType: 'Tail' });
    const { event, count, variable, memory, function: function_ } = answer.payload as Record<string, unknown>;
    assert.deepEqual({ event, count, variable, memory, function_ }, { event: { a: 1 }, count: 1, variable: 'hello', memory: 512, function_: name });
    assert.match(answer.logTail, /START RequestId[^]*from the logger[^]*from standard output[^]*REPORT RequestId[^]*Init Duration/);
    const failing = await createFunction(aws.lambda, { ...settings, Handler: 'probe.Handlers$Failing::fail' });
    const failed = await invoke(aws.lambda, failing, { what: 'bread' });
    assert.equal(failed.functionError, 'Unhandled');
    assert.equal((failed.payload as { errorType: string }).errorType, 'java.lang.IllegalStateException');
  });
});

suite('Functions in Ruby', () => {
  test('Invoke answers what a handler returns, with its logs, and an error document for what it raises', { skip: skipRuby }, async () => {
    const { aws, roleArn } = scene();
    const source = 'require "json"\ndef handler(event:, context:)\n  puts "working"\n  raise "no " + event["fail"] if event["fail"]\n  { name: context.function_name, env: ENV["AWS_EXECUTION_ENV"], gems: ENV["GEM_PATH"] }\nend\n';
    const name = await createFunction(aws.lambda, { Role: roleArn, Runtime: 'ruby3.4', Handler: 'app.handler', files: { 'app.rb': source } });
    const answer = await invoke(aws.lambda, name, {}, { LogType: 'Tail' });
    assert.deepEqual(answer.payload, { name, env: 'AWS_Lambda_ruby3.4', gems: '/var/task/vendor/bundle/ruby/3.4.0:/opt/ruby/gems/3.4.0' });
    assert.match(answer.logTail, /START RequestId[^]*working\n[^]*REPORT/);
    const failed = await invoke(aws.lambda, name, { fail: 'way' });
    assert.deepEqual([failed.functionError, (failed.payload as { errorType: string }).errorType, (failed.payload as { errorMessage: string }).errorMessage], ['Unhandled', 'Function<RuntimeError>', 'no way']);
  });
});

suite('Wrapper scripts', () => {
  // https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html, "Wrapper scripts"
  const wrapper = '#!/bin/sh\nexport WRAPPED="$#"\nexec "$@"\n';
  const cases = [
    { Runtime: 'nodejs22.x', Handler: 'index.handler', file: 'index.js', source: 'exports.handler = async () => process.env.WRAPPED;', skip: false },
    { Runtime: 'python3.12', Handler: 'app.handler', file: 'app.py', source: 'import os\ndef handler(event, context):\n    return os.environ["WRAPPED"]\n', skip: false },
    { Runtime: 'ruby3.3', Handler: 'app.handler', file: 'app.rb', source: 'def handler(event:, context:) = ENV["WRAPPED"]', skip: skipRuby },
  ] as const;
  for (const { Runtime, Handler, file, source, skip } of cases) {
    test(`AWS_LAMBDA_EXEC_WRAPPER starts the interpreter of ${Runtime}`, { skip }, async () => {
      const { aws, roleArn } = scene();
      const name = await createFunction(aws.lambda, {
        Role: roleArn, Runtime, Handler, zip: zipFiles({ [file]: source, wrapper }), Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/var/task/wrapper' } },
      });
      assert.match(String((await invoke(aws.lambda, name)).payload), /^[2-9]$/);
    });
  }

  test('a wrapper that is not there is told as the runtime that did not start', async () => {
    const { aws, roleArn } = scene();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => 1;' }, Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/nowhere' } } });
    const answer = await invoke(aws.lambda, name, {}, { LogType: 'Tail' });
    assert.equal(answer.functionError, 'Unhandled');
    assert.match(answer.logTail, /\/opt\/nowhere/);
  });
});

test('CreateFunction refuses .NET by name and says what does run', async () => {
  const { aws, roleArn } = scene();
  const creating = aws.lambda.send(new CreateFunctionCommand({ FunctionName: uniqueName('dotnet'), Role: roleArn, Runtime: 'dotnet8', Handler: 'A::B::C', Code: { ZipFile: zipFiles({ a: 'b' }) } }));
  await assert.rejects(creating, /does not implement the runtime dotnet8.*self-contained \.NET executable named bootstrap, runs on provided\.al2023/);
});
