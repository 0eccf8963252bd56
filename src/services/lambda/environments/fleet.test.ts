import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InvocationOutcome, InvocationRequest } from '../../../sandbox/types.ts';
import { callOperation, helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';

/** Invocations that stay in the function until the test lets them go. */
interface Held {
  readonly environmentId: string;
  readonly release: () => void;
}

function holdInvocations({ sandbox }: TestLambda): { readonly held: Held[]; reached(count: number): Promise<void> } {
  const held: Held[] = [];
  sandbox.behaviour.invoke = (request: InvocationRequest, spec) =>
    new Promise<InvocationOutcome>((resolve) => {
      held.push({ environmentId: spec.environmentId, release: () => resolve({ kind: 'response', payload: request.event }) });
    });
  return { held, reached: (count) => until(() => held.length === count) };
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    assert.ok(turn < 100_000, 'the condition never came true');
    await new Promise(setImmediate);
  }
}

const invokeHello = ({ call }: TestLambda): Promise<unknown> => call('Invoke', { FunctionName: 'hello', Payload: undefined });

test('a fleet serves requests one after the other in one environment', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    for (let round = 0; round < 5; round++) await invokeHello(bench);
    assert.equal(bench.sandbox.started.length, 1);
  });
});

test('a fleet starts an environment for every concurrent request and uses the last one again first', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    const { held, reached } = holdInvocations(bench);
    const first = invokeHello(bench);
    await reached(1);
    const second = invokeHello(bench);
    await reached(2);
    assert.equal(new Set(held.map((item) => item.environmentId)).size, 2);
    held[1]?.release();
    await second;
    held[0]?.release();
    await first;
    const third = invokeHello(bench);
    await reached(3);
    assert.equal(held[2]?.environmentId, held[0]?.environmentId);
    held[2]?.release();
    await third;
    assert.equal(bench.sandbox.started.length, 2);
  });
});

test('a fleet ends environments that were idle for minutes, and not those in use', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    const { held, reached } = holdInvocations(bench);
    const [first, second] = [invokeHello(bench), invokeHello(bench)];
    await reached(2);
    held[0]?.release();
    await Promise.race([first, second]);
    bench.clock.advance(7 * 60_000 - 1);
    await until(() => bench.sandbox.alive() === 2);
    bench.clock.advance(1);
    await until(() => bench.sandbox.alive() === 1);
    held[1]?.release();
    await Promise.all([first, second]);
    bench.clock.advance(3_600_000);
    await until(() => bench.sandbox.alive() === 0);
  });
});

test('a fleet ends an idle environment of another function when the host is full', async () => {
  await withLambda(
    async (bench) => {
      for (const FunctionName of ['a', 'b', 'c']) await bench.call('CreateFunction', { ...helloFunction, FunctionName });
      for (const FunctionName of ['a', 'b', 'c', 'b']) {
        await bench.call('Invoke', { FunctionName, Payload: undefined });
        bench.clock.advance(1_000);
      }
      assert.deepEqual(bench.sandbox.started.map(({ spec }) => spec.variables.AWS_LAMBDA_FUNCTION_NAME), ['a', 'b', 'c']);
      assert.equal(bench.sandbox.alive(), 2);
    },
    { hostEnvironmentsMax: 2 },
  );
});

test('a fleet throttles when the host is full of running requests, and says so', async () => {
  await withLambda(
    async (bench) => {
      await bench.call('CreateFunction', helloFunction);
      const { held, reached } = holdInvocations(bench);
      const running = [invokeHello(bench), invokeHello(bench)];
      await reached(2);
      await assert.rejects(invokeHello(bench), {
        code: 'TooManyRequestsException',
        status: 429,
        members: { Type: 'User', Reason: 'ConcurrentInvocationLimitExceeded', retryAfterSeconds: '1' },
      });
      assert.match(bench.warnings.at(-1)?.text ?? '', /as many function environments as it may/);
      for (const item of held) item.release();
      await Promise.all(running);
      const next = invokeHello(bench);
      await reached(3);
      held[2]?.release();
      await next;
    },
    { hostEnvironmentsMax: 2 },
  );
});

test('a fleet allows a thousand concurrent requests of an account and region, and not one more', async () => {
  await withLambda(
    async (bench) => {
      await bench.call('CreateFunction', helloFunction);
      const { held, reached } = holdInvocations(bench);
      const running = Array.from({ length: 1_000 }, () => invokeHello(bench));
      await reached(1_000);
      await assert.rejects(invokeHello(bench), { code: 'TooManyRequestsException' });
      for (const item of held) item.release();
      await Promise.all(running);
    },
    { hostEnvironmentsMax: 2_000 },
  );
});

test('a fleet replaces an environment that died while it was idle', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    await invokeHello(bench);
    bench.sandbox.started[0]?.exit({ code: 1, signal: undefined, outOfMemory: false });
    await new Promise(setImmediate);
    await invokeHello(bench);
    assert.equal(bench.sandbox.started.length, 2);
    assert.equal(bench.logText().match(/INIT_START/g)?.length, 2);
  });
});

test('a fleet replaces an environment whose credentials are about to end', async () => {
  const expiry = { atMs: Date.UTC(2026, 0, 1) + 100_000 };
  await withLambda(
    async (bench) => {
      await bench.call('CreateFunction', helloFunction);
      await invokeHello(bench);
      bench.clock.advance(30_000);
      await invokeHello(bench);
      assert.equal(bench.sandbox.started.length, 1);
      expiry.atMs += 3_600_000;
      bench.clock.advance(10_000);
      await invokeHello(bench);
      assert.equal(bench.sandbox.started.length, 2);
    },
    {
      roles: {
        findRole: async () => undefined,
        trustsService: () => true,
        reportMissing: () => undefined,
        issueSession: async () => ({ accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't', expiresAtMs: expiry.atMs }),
      },
    },
  );
});

test('a fleet gives an environment everything AWS defines', async () => {
  await withLambda(async (bench) => {
    const Environment = { Variables: { OWN: 'mine', LANG: 'C', AWS_ENDPOINT_URL: 'http://elsewhere' } };
    await bench.call('CreateFunction', { ...helloFunction, MemorySize: 256, EphemeralStorage: { Size: 1_024 }, Timeout: 5, Environment });
    await invokeHello(bench);
    const spec = bench.sandbox.started[0]?.spec;
    assert.deepEqual(
      [spec?.runtime, spec?.handler, spec?.memoryMegabytes, spec?.ephemeralStorageMegabytes, spec?.initTimeoutMs],
      [{ family: 'node', version: '22' }, 'index.handler', 256, 1_024, 10_000],
    );
    const { AWS_LAMBDA_LOG_STREAM_NAME, ...variables } = spec?.variables ?? {};
    assert.match(AWS_LAMBDA_LOG_STREAM_NAME ?? '', /^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/);
    assert.deepEqual(variables, {
      PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
      LD_LIBRARY_PATH: '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
      NODE_PATH: '/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task',
      LANG: 'C',
      TZ: ':UTC',
      OWN: 'mine',
      AWS_ENDPOINT_URL: 'http://elsewhere',
      AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
      AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129:2000',
      _AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129',
      _AWS_XRAY_DAEMON_PORT: '2000',
      _HANDLER: 'index.handler',
      LAMBDA_TASK_ROOT: '/var/task',
      LAMBDA_RUNTIME_DIR: '/var/runtime',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
      AWS_LAMBDA_FUNCTION_NAME: 'hello',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/hello',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token of hello',
    });
  });
});

test('a fleet that closes lets what runs end, admits nothing, and leaves no environment', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    const { held, reached } = holdInvocations(bench);
    const running = invokeHello(bench);
    await reached(1);
    const closing = bench.lambda.close(60_000);
    await assert.rejects(callOperation(bench.lambda, 'Invoke', { FunctionName: 'hello', Payload: undefined }, {}), { status: 503 });
    held[0]?.release();
    await Promise.all([running, closing]);
    assert.equal(bench.sandbox.alive(), 0);
  });
});

test('a fleet that closes ends environments that still initialise', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    bench.sandbox.behaviour.init = () => new Promise(() => undefined);
    const running = assert.rejects(invokeHello(bench), { status: 503 });
    await until(() => bench.sandbox.alive() === 1);
    const closing = bench.lambda.close(0);
    bench.clock.advance(1);
    await Promise.all([closing, running]);
    assert.equal(bench.sandbox.alive(), 0);
  });
});

test('a fleet that closes does not wait longer than it may', async () => {
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    const { held, reached } = holdInvocations(bench);
    const running = invokeHello(bench);
    await reached(1);
    const closing = bench.lambda.close(1_000);
    bench.clock.advance(1_000);
    await closing;
    assert.equal(bench.sandbox.alive(), 0);
    held[0]?.release();
    await running;
  });
});
