// The life of an execution environment as a function can observe it.
// Source: Lambda developer guide, "Understanding the Lambda execution environment lifecycle" and "Understanding Lambda
// function scaling" (one environment serves one request at a time), "Defined runtime environment variables".

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { UpdateFunctionCodeCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { createFunction, invoke, uniqueName, waitUntilUpdated, type FunctionSettings } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

type Json = Record<string, unknown>;

const scene = useServer();

const counter = `const { randomUUID } = require('node:crypto');
const environment = randomUUID();
let invocations = 0;
let busy = 0;
exports.handler = async (event) => {
  busy += 1;
  invocations += 1;
  const together = busy;
  if (event.holdMs) await new Promise((resolve) => setTimeout(resolve, event.holdMs));
  busy -= 1;
  return { environment, invocations, together };
};`;

async function make(source: string, settings: Partial<FunctionSettings> = {}): Promise<(event?: unknown) => Promise<Json>> {
  const { aws, roleArn } = scene();
  const name = await createFunction(aws.lambda, { Role: roleArn, Timeout: 20, files: { 'index.js': source }, ...settings });
  return async (event = {}) => {
    const { functionError, payload, text } = await invoke(aws.lambda, name, event);
    assert.equal(functionError, undefined, text);
    return payload as Json;
  };
}

suite('an environment', () => {
  test('runs the code outside the handler once', async () => {
    const call = await make(counter);
    const answers = [await call(), await call(), await call()];
    assert.deepEqual(answers.map((answer) => answer['invocations']), [1, 2, 3]);
    assert.equal(new Set(answers.map((answer) => answer['environment'])).size, 1);
  });

  test('keeps /tmp while it is warm, and shares it with no other function', async () => {
    const source = `const fs = require('node:fs');
      exports.handler = async () => { const seen = fs.readdirSync('/tmp'); fs.appendFileSync('/tmp/visits', 'x'); return { seen, visits: fs.readFileSync('/tmp/visits', 'utf8').length }; };`;
    const call = await make(source);
    assert.deepEqual(await call(), { seen: [], visits: 1 });
    assert.deepEqual(await call(), { seen: ['visits'], visits: 2 });
    assert.deepEqual(await (await make(source))(), { seen: [], visits: 1 });
  });

  test('serves one request at a time; concurrent ones get environments of their own', async () => {
    const call = await make(counter);
    const answers = await Promise.all([1, 2, 3, 4].map(() => call({ holdMs: 1_000 })));
    assert.equal(new Set(answers.map((answer) => answer['environment'])).size, 4);
    assert.ok(answers.every((answer) => answer['together'] === 1));
    const again = await call();
    assert.ok(answers.some((answer) => answer['environment'] === again['environment']), 'a warm one is used again');
  });

  test('is left after a configuration change', async () => {
    const { aws, roleArn } = scene();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': counter } });
    const before = (await invoke(aws.lambda, name)).payload as Json;
    await aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { MODE: '1' } } }));
    await waitUntilUpdated(aws.lambda, name);
    const after = (await invoke(aws.lambda, name)).payload as Json;
    assert.notEqual(after['environment'], before['environment']);
    assert.equal(after['invocations'], 1);
  });

  test('is left after a change of code', async () => {
    const { aws, roleArn } = scene();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => "old";' } });
    assert.equal((await invoke(aws.lambda, name)).payload, 'old');
    await aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zipFiles({ 'index.js': 'exports.handler = async () => "new";' }) }));
    await waitUntilUpdated(aws.lambda, name);
    assert.equal((await invoke(aws.lambda, name)).payload, 'new');
  });

  test('is recycled after hours of idleness', async () => {
    const call = await make(counter);
    const before = await call();
    await scene().server.clock.advance(6 * 60 * 60_000);
    const after = await call();
    assert.notEqual(after['environment'], before['environment']);
  });

  test('ends with a timeout, and everything it started ends with it', async () => {
    const { aws, roleArn } = scene();
    const source = `const { spawn } = require('node:child_process');
      const marker = process.env.MARKER;
      exports.handler = async (event) => {
        if (event.look) return require('node:fs').readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).length;
        spawn('/bin/sh', ['-c', 'sleep 61 & sleep 62'], { detached: true, stdio: 'ignore' }).unref();
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      };`;
    const name = await createFunction(aws.lambda, { Role: roleArn, Timeout: 2, files: { 'index.js': source } });
    const { functionError, text } = await invoke(aws.lambda, name);
    assert.equal(functionError, 'Unhandled', text);
    assert.match(text, /Task timed out after 2\.00 seconds/);
    const look = await invoke(aws.lambda, name, { look: true });
    assert.equal(look.functionError, undefined, look.text);
    assert.ok(Number(look.payload) < 5, `processes that the next invocation sees: ${look.text}`);
  });

  test('has the variables that AWS defines, and none of the server', async () => {
    const FunctionName = uniqueName('variables');
    const call = await make('exports.handler = async () => process.env;', { FunctionName, MemorySize: 256, Environment: { Variables: { OWN: 'yes', EMPTY: '' } } });
    const variables = (await call()) as Record<string, string>;
    const expected = {
      OWN: 'yes',
      EMPTY: '',
      _HANDLER: 'index.handler',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
      AWS_LAMBDA_FUNCTION_NAME: FunctionName,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${FunctionName}`,
      LAMBDA_TASK_ROOT: '/var/task',
      LAMBDA_RUNTIME_DIR: '/var/runtime',
      TZ: ':UTC',
      LANG: 'en_US.UTF-8',
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(variables[name], value, name);
    assert.match(variables['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '', /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    assert.match(variables['AWS_ACCESS_KEY_ID'] ?? '', /^ASIA/);
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'PATH']) assert.ok(variables[name], name);
    for (const name of ['npm_lifecycle_event', 'NODE_TEST_CONTEXT', 'OLDPWD', 'SHELL', 'SUDO_USER']) assert.equal(variables[name], undefined, name);
  });

  test('sees its package read-only', async () => {
    const source = `const fs = require('node:fs');
      exports.handler = async () => { try { fs.writeFileSync('/var/task/x', ''); return 'written'; } catch (error) { return error.code; } };`;
    const call = await make(source);
    assert.match(String(await call()), /^(EROFS|EACCES)$/);
  });
});
