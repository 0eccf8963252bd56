import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedAtStartMax } from './limits.ts';
import { createFakeSandbox } from './testing/fakeSandbox.ts';
import { helloFunction, withLambda, zipOf } from './testing/testLambda.ts';

test('Creating or changing a function has an environment started ahead that it can take over', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', { ...helloFunction, Environment: { Variables: { LANG: 'C' } } });
    assert.deepEqual(sandbox.expected.map(({ runtime, variables, ephemeralStorageMegabytes }) => [runtime, variables.LANG, ephemeralStorageMegabytes]), [
      [{ family: 'node', version: '22' }, 'C', 512],
    ]);
    sandbox.expected.length = 0;
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Runtime: 'python3.12', Environment: { Variables: {} }, EphemeralStorage: { Size: 600 } });
    await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf({ 'index.js': 'exports.handler = async () => 2;' }) });
    const changed = [{ family: 'python', version: '3.12' }, 'en_US.UTF-8', 600];
    assert.deepEqual(sandbox.expected.map(({ runtime, variables, ephemeralStorageMegabytes }) => [runtime, variables.LANG, ephemeralStorageMegabytes]), [changed, changed]);
    // What an invocation then asks for has the same kind: all but the credentials and the log stream is equal.
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    const [started] = sandbox.started;
    const { AWS_LAMBDA_LOG_STREAM_NAME: _, AWS_ACCESS_KEY_ID: _1, AWS_SECRET_ACCESS_KEY: _2, AWS_SESSION_TOKEN: _3, ...rest } = started?.spec.variables ?? {};
    for (const [name, value] of Object.entries(rest)) assert.equal(sandbox.expected[1]?.variables[name], value, name);
  });
});

test('expectStoredFunctions has some environments wait when the server starts, once a runtime, for what was changed last', async () => {
  await withLambda(async ({ call, clock, restart }) => {
    const runtimes = ['nodejs18.x', 'nodejs20.x', 'nodejs22.x', 'python3.11', 'python3.12', 'python3.13'] as const;
    for (const [index, Runtime] of [...runtimes, ...runtimes].entries()) {
      clock.advance(1_000);
      await call('CreateFunction', { ...helloFunction, FunctionName: `f${index}`, Runtime }, { region: index % 2 === 0 ? 'eu-west-1' : 'us-east-1' });
    }
    const sandbox = createFakeSandbox();
    const again = restart({ sandbox });
    await again.recover();
    const versions = sandbox.expected.map(({ runtime }) => (runtime.family === 'custom' ? 'custom' : `${runtime.family} ${runtime.version}`));
    assert.deepEqual(versions, ['python 3.13', 'python 3.12', 'python 3.11', 'node 22'].slice(0, expectedAtStartMax));
    assert.equal(sandbox.started.length, 0);
    await again.close(0);
  });
});

test('expectStoredFunctions passes over functions whose variables cannot be read', async () => {
  await withLambda(async ({ call, restart }) => {
    await call('CreateFunction', { ...helloFunction, Environment: { Variables: { A: '1' } } });
    const sandbox = createFakeSandbox();
    const again = restart({ sandbox, sealKey: new Uint8Array(32) });
    await again.recover();
    assert.deepEqual(sandbox.expected, []);
    await again.close(0);
  });
});
