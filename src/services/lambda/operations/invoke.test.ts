import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { zipSync } from 'fflate';
import type { MissingRoles, RoleDirectory } from '../../../ports/identity.ts';
import type { InvocationOutcome } from '../../../sandbox/types.ts';
import { roleCheckMs } from '../limits.ts';
import { account, callOperation, helloFunction, roleArn, withLambda } from '../testing/testLambda.ts';

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const text = (payload: Uint8Array | undefined): string => Buffer.from(payload ?? []).toString('utf8');
const decoded = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('utf8');
const requestId = '11111111-2222-4333-8444-555555555555';

test('Invoke answers what the function returns, with the version that ran', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const { Payload, ...rest } = await call('Invoke', { FunctionName: 'hello', Payload: json({ name: 'world' }) });
    assert.equal(text(Payload), '{"name":"world"}');
    assert.deepEqual(rest, { StatusCode: 200, ExecutedVersion: '$LATEST' });
  });
});

test('Invoke passes an empty object when there is no payload', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    for (const Payload of [undefined, new Uint8Array(0)]) {
      assert.equal(text((await call('Invoke', { FunctionName: 'hello', Payload })).Payload), '{}');
    }
  });
});

test('Invoke with DryRun checks and runs nothing', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    assert.equal((await call('Invoke', { FunctionName: 'hello', InvocationType: 'DryRun', Payload: undefined })).StatusCode, 204);
    assert.equal(sandbox.started.length, 0);
  });
});

test('Invoke reaches functions by every form of their name, and names what is missing by its ARN', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    const arn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
    const seen: string[] = [];
    sandbox.behaviour.invoke = (request) => {
      seen.push(request.invokedFunctionArn);
      return { kind: 'response', payload: request.event };
    };
    for (const FunctionName of ['hello', `${account}:function:hello`, arn, 'hello:$LATEST']) await call('Invoke', { FunctionName, Payload: undefined });
    assert.deepEqual(seen, [arn, arn, arn, `${arn}:$LATEST`]);
    const missing = { code: 'ResourceNotFoundException', status: 404 };
    await assert.rejects(call('Invoke', { FunctionName: 'nobody', Payload: undefined }), {
      ...missing,
      message: `Function not found: arn:aws:lambda:us-east-1:${account}:function:nobody`,
    });
    await assert.rejects(call('Invoke', { FunctionName: 'hello', Qualifier: '3', Payload: undefined }), { ...missing, message: `Function not found: ${arn}:3` });
  });
});

test('Invoke writes the log of a cold and a warm invocation in the form of AWS', async () => {
  await withLambda(async ({ call, sandbox, logged, logText, clock }) => {
    await call('CreateFunction', { ...helloFunction, MemorySize: 256 });
    sandbox.behaviour.invoke = (request, spec) => {
      spec.onOutput({ timestampMs: clock.now(), text: 'hello from the function\n' });
      clock.advance(7);
      return { kind: 'response', payload: request.event };
    };
    await call('Invoke', { FunctionName: 'hello', Payload: undefined }, { requestId });
    await call('Invoke', { FunctionName: 'hello', Payload: undefined, LogType: 'Tail' }, { requestId });
    const [target] = logged.map((entry) => entry.target);
    assert.equal(target?.logGroupName, '/aws/lambda/hello');
    assert.match(target?.logStreamName ?? '', /^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/);
    assert.ok(logged.every((entry) => entry.target.logStreamName === target?.logStreamName));
    const warm = `START RequestId: ${requestId} Version: $LATEST\nhello from the function\nEND RequestId: ${requestId}\nREPORT RequestId: ${requestId}\tDuration: 7.00 ms\tBilled Duration: 7 ms\tMemory Size: 256 MB\tMax Memory Used: 36 MB\t\n`;
    const cold = warm.replace('Billed Duration: 7 ms', 'Billed Duration: 20 ms').replace('36 MB\t\n', '36 MB\tInit Duration: 12.50 ms\t\n');
    assert.match(logText(), /^INIT_START Runtime Version: nodejs:22\.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n/);
    assert.equal(logText().replace(/^INIT_START.*\n/, ''), cold + warm);
  });
});

test('Invoke with LogType Tail answers the last 4 KB of this invocation', async () => {
  await withLambda(async ({ call, sandbox, clock }) => {
    await call('CreateFunction', helloFunction);
    sandbox.behaviour.invoke = (request, spec) => {
      for (let line = 0; line < 200; line++) spec.onOutput({ timestampMs: clock.now(), text: `line ${line} ${'x'.repeat(50)}\n` });
      return { kind: 'response', payload: request.event };
    };
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    const tail = (await call('Invoke', { FunctionName: 'hello', Payload: undefined, LogType: 'Tail' }, { requestId })).LogResult;
    assert.equal(Buffer.from(tail ?? '', 'base64').length, 4_096);
    assert.match(decoded(tail), /line 199 x+\nEND RequestId: 11111111.*\nREPORT RequestId: 11111111.*\t\n$/);
    assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: undefined })).LogResult, undefined);
  });
});

test('Invoke never reports more time than the function has, however long its end took', async () => {
  await withLambda(async ({ call, sandbox, logText, clock }) => {
    await call('CreateFunction', { ...helloFunction, Timeout: 2 });
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    for (const outcome of [{ kind: 'timeout' }, { kind: 'response', payload: json(1) }] as const) {
      sandbox.behaviour.invoke = () => {
        clock.advance(2_034);
        return outcome;
      };
      await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    }
    assert.deepEqual(logText().match(/(?<=\tDuration: )\S+ ms\tBilled Duration: \S+ ms/g), [
      '0.00 ms\tBilled Duration: 13 ms',
      '2000.00 ms\tBilled Duration: 2000 ms',
      '2000.00 ms\tBilled Duration: 2000 ms',
    ]);
  });
});

test('Invoke answers the error of the service when its own machinery ended the function, which runs again next time', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    sandbox.behaviour.invoke = () => ({ kind: 'exited', exit: { code: undefined, signal: 'SIGKILL', outOfMemory: false, isLost: true } });
    await assert.rejects(call('Invoke', { FunctionName: 'hello', Payload: undefined }), { code: 'ServiceException', status: 500 });
    sandbox.behaviour.invoke = (request) => ({ kind: 'response', payload: request.event });
    assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: undefined })).StatusCode, 200);
    assert.equal(sandbox.started.length, 2);
  });
});

const refusal = { code: 'AccessDeniedException', status: 403, message: 'The role defined for the function cannot be assumed by Lambda.' };

for (const localMode of [true, false]) {
  test(`Invoke is refused while the role cannot be assumed ${localMode ? 'in local mode' : 'on a strict server'}, in a warm environment after a short while`, async () => {
    const roles = createRoles();
    await withLambda(
      async ({ call, sandbox, clock }) => {
        const invoke = () => call('Invoke', { FunctionName: 'hello', Payload: undefined });
        await call('CreateFunction', helloFunction);
        roles.trusts = false;
        await assert.rejects(invoke(), refusal);
        assert.equal(sandbox.started.length, 0, 'nothing was started for it');
        roles.trusts = true;
        await invoke();
        roles.exists = false;
        clock.advance(roleCheckMs - 1);
        await invoke();
        clock.advance(1);
        await assert.rejects(invoke(), refusal);
        await assert.rejects(invoke(), refusal);
        roles.exists = true;
        await invoke();
        assert.equal(sandbox.started.length, 2);
      },
      { roles, localMode },
    );
  });
}

test('Invoke in local mode runs a function whose role never was, until it is given one that is taken away', async () => {
  const roles = createRoles();
  roles.exists = false;
  await withLambda(
    async ({ call }) => {
      const invoke = () => call('Invoke', { FunctionName: 'hello', Payload: undefined });
      await call('CreateFunction', helloFunction);
      await invoke();
      roles.exists = true;
      await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Role: roleArn });
      await invoke();
      roles.exists = false;
      await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Timeout: 5 });
      await assert.rejects(invoke(), refusal);
      await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Role: 'arn:aws:iam::123456789012:role/tutorial' });
      await invoke();
    },
    { roles },
  );
});

test('Invoke runs a function whose role is gone where IAM is not enforced', async () => {
  const roles = createRoles();
  await withLambda(
    async ({ call }) => {
      await call('CreateFunction', helloFunction);
      roles.exists = false;
      assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: undefined })).StatusCode, 200);
    },
    { roles, enforcesRoles: false },
  );
});

/** One role, which comes and goes. */
function createRoles(): RoleDirectory & MissingRoles & { exists: boolean; trusts: boolean } {
  return {
    exists: true,
    trusts: true,
    async findRole(arn) {
      return this.exists && arn === roleArn ? { arn, roleName: 'worker', roleId: 'AROA', account: '000000000000', trustPolicy: '{}', maxSessionSeconds: 3_600 } : undefined;
    },
    trustsService() {
      return this.trusts;
    },
    reportMissing: () => undefined,
    issueSession: async () => ({ accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't', expiresAtMs: Number.MAX_SAFE_INTEGER }),
  };
}

const failures: readonly { readonly what: string; readonly outcome: InvocationOutcome; readonly payload: object; readonly logs: RegExp }[] = [
  {
    what: 'a timeout',
    outcome: { kind: 'timeout' },
    payload: { errorType: 'Sandbox.Timedout', errorMessage: `RequestId: ${requestId} Error: Task timed out after 3.00 seconds` },
    logs: /\n2026-01-01T00:00:00\.000Z 11111111\S+ Task timed out after 3\.00 seconds\n\nEND .*\nREPORT .*\tDuration: 3000\.00 ms\tBilled Duration: 3013 ms\t.*Init Duration: 12\.50 ms\tStatus: timeout\n$/,
  },
  {
    what: 'an exit',
    outcome: { kind: 'exited', exit: { code: 1, signal: undefined, outOfMemory: false } },
    payload: { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: exit status 1` },
    logs: /\nRequestId: 11111111\S+ Error: Runtime exited with error: exit status 1\nRuntime\.ExitError\nEND .*\nREPORT .*\tStatus: error\tError Type: Runtime\.ExitError\n$/,
  },
  {
    what: 'the end of memory',
    outcome: { kind: 'exited', exit: { code: undefined, signal: 'SIGKILL', outOfMemory: true } },
    payload: { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed` },
    logs: /\tStatus: error\tError Type: Runtime\.OutOfMemory\n$/,
  },
  {
    what: 'a response that is too large',
    outcome: { kind: 'response-too-large', bytes: 7_000_000 },
    payload: {
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    },
    logs: /\nREPORT .*\t\n$/,
  },
];

for (const { what, outcome, payload, logs } of failures) {
  test(`Invoke answers ${what} as AWS does, and the next invocation runs again`, async () => {
    await withLambda(async ({ call, sandbox, logText }) => {
      await call('CreateFunction', helloFunction);
      sandbox.behaviour.invoke = () => outcome;
      const answer = await call('Invoke', { FunctionName: 'hello', Payload: undefined, LogType: 'Tail' }, { requestId });
      assert.deepEqual([answer.StatusCode, answer.FunctionError, JSON.parse(text(answer.Payload))], [200, 'Unhandled', payload]);
      assert.match(logText(), logs);
      sandbox.behaviour.invoke = (request) => ({ kind: 'response', payload: request.event });
      const next = await call('Invoke', { FunctionName: 'hello', Payload: json(1) });
      assert.deepEqual([next.FunctionError, text(next.Payload)], [undefined, '1']);
      assert.equal(sandbox.started.length, 2);
      // The same environment, with a new process: no second INIT_START.
      assert.equal(logText().match(/INIT_START/g)?.length, 1);
    });
  });
}

test('Invoke accepts a response of exactly the largest size and refuses one byte more', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    for (const [bytes, error] of [[6_291_556, undefined], [6_291_557, 'Unhandled']] as const) {
      sandbox.behaviour.invoke = () => ({ kind: 'response', payload: Buffer.alloc(bytes, 0x31) });
      assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: undefined })).FunctionError, error);
    }
  });
});

test('Invoke hands on the error document of the runtime', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    const payload = json({ errorType: 'Error', errorMessage: 'no', trace: [] });
    sandbox.behaviour.invoke = () => ({ kind: 'function-error', payload });
    const answer = await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    assert.deepEqual([answer.FunctionError, text(answer.Payload)], ['Unhandled', text(payload)]);
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    assert.equal(sandbox.started.length, 1);
  });
});

test('Invoke tries a failed init again and answers its error document; the environment starts anew with the next invocation', async () => {
  await withLambda(async ({ call, sandbox, logText }) => {
    await call('CreateFunction', helloFunction);
    const payload = json({ errorType: 'Runtime.ImportModuleError', errorMessage: "Error: Cannot find module 'index'" });
    sandbox.behaviour.init = () => ({ kind: 'init-error', payload, durationMs: 5 });
    const answer = await call('Invoke', { FunctionName: 'hello', Payload: undefined, LogType: 'Tail' });
    assert.deepEqual([answer.FunctionError, text(answer.Payload)], ['Unhandled', text(payload)]);
    assert.deepEqual(sandbox.started.map((environment) => environment.spec.initTimeoutMs), [10_000, 3_000]);
    assert.match(logText(), /Phase: init\tStatus: error\tError Type: Runtime\.ImportModuleError\nINIT_REPORT Init Duration: 5\.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime\.ImportModuleError\nSTART/);
    assert.match(logText(), /Max Memory Used: 1 MB\tStatus: error\tError Type: Runtime\.ImportModuleError\n$/);
    assert.equal(sandbox.alive(), 0);
    sandbox.behaviour.init = () => ({ kind: 'ready', durationMs: 1 });
    assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: json(2) })).FunctionError, undefined);
    assert.equal(sandbox.started.length, 3);
  });
});

test('Invoke repeats an init that took too long, in the time of the invocation', async () => {
  await withLambda(async ({ call, sandbox, logText }) => {
    await call('CreateFunction', { ...helloFunction, Timeout: 30 });
    sandbox.behaviour.init = (spec) => (spec.initTimeoutMs === 10_000 ? { kind: 'timeout', durationMs: 10_000 } : { kind: 'ready', durationMs: 12_000 });
    assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: json(1), LogType: 'Tail' })).FunctionError, undefined);
    assert.match(logText(), /INIT_REPORT Init Duration: 10000\.00 ms\tPhase: init\tStatus: timeout\nSTART/);
    assert.doesNotMatch(logText(), /\tInit Duration/);
  });
});

test('Invoke refuses what is no JSON, too large, or a wrong client context, in the words of AWS', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    await assert.rejects(call('Invoke', { FunctionName: 'hello', Payload: Buffer.from('Hello World') }), {
      code: 'InvalidRequestContentException',
      status: 400,
      message: /^Could not parse request body into json: Could not parse payload into json: Unrecognized token 'Hello'/,
    });
    const largest = Buffer.alloc(6_291_456, 0x31);
    assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: largest })).FunctionError, undefined);
    await assert.rejects(call('Invoke', { FunctionName: 'hello', Payload: Buffer.alloc(6_291_457, 0x31) }), {
      code: 'RequestTooLargeException',
      status: 413,
      message: '6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)',
    });
    let context: string | undefined;
    sandbox.behaviour.invoke = (request) => {
      context = request.clientContext;
      return { kind: 'response', payload: request.event };
    };
    const good = Buffer.from('{"custom":{"a":1}}').toString('base64');
    await call('Invoke', { FunctionName: 'hello', Payload: undefined, ClientContext: good });
    assert.equal(context, '{"custom":{"a":1}}');
    for (const ClientContext of ['%%%', Buffer.from('no json').toString('base64'), Buffer.from('[]').toString('base64'), 'A'.repeat(3_584)]) {
      await assert.rejects(call('Invoke', { FunctionName: 'hello', Payload: undefined, ClientContext }), {
        code: 'InvalidRequestContentException',
        message: /^Client context must be a valid Base64-encoded JSON object/,
      });
    }
  });
});

test('Invoke refuses a package whose programs are for another machine, and runs scripts declared for either', async () => {
  const program = Buffer.alloc(64);
  program.write('\x7fELF', 'latin1');
  program.writeUInt16LE(0xb7, 18);
  await withLambda(
    async ({ call, sandbox }) => {
      await call('CreateFunction', { ...helloFunction, Architectures: ['arm64'] });
      assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: undefined })).FunctionError, undefined);
      await call('CreateFunction', { ...helloFunction, FunctionName: 'native', Code: { ZipFile: zipSync({ bootstrap: program }) } });
      const { FunctionError, Payload } = await call('Invoke', { FunctionName: 'native', Payload: undefined });
      assert.equal(FunctionError, 'Unhandled');
      assert.match(text(Payload), /^\{"errorType":"Runtime\.InvalidEntrypoint","errorMessage":"The package holds programs or libraries for arm64, and this host runs x86_64/);
      assert.equal(sandbox.started.length, 1);
    },
    { hostArchitecture: 'x86_64' },
  );
});

test('Invoke of a function that is deleted before its code is there is not found', async () => {
  await withLambda(async ({ call, lambda, store, codeFolder }) => {
    await call('CreateFunction', helloFunction);
    await rm(codeFolder, { recursive: true, force: true });
    const read = store.read;
    let reads = 0;
    // Between the read of the row and the start of the environment.
    store.read = async (work) => {
      const answer = await read.call(store, work);
      if (reads++ === 0) await callOperation(lambda, 'DeleteFunction', { FunctionName: 'hello' }, {});
      return answer as Awaited<ReturnType<typeof work>>;
    };
    await assert.rejects(call('Invoke', { FunctionName: 'hello', Payload: undefined }), { code: 'ResourceNotFoundException' });
  });
});

test('Invoke works after a restart with nothing but the rows and the stored archive', async () => {
  await withLambda(async ({ call, restart, codeFolder, lambda }) => {
    await call('CreateFunction', { ...helloFunction, Environment: { Variables: { GREETING: 'hi' } } });
    await lambda.close(0);
    await rm(codeFolder, { recursive: true, force: true });
    const again = restart();
    try {
      await again.recover();
      const answer = await callOperation(again, 'Invoke', { FunctionName: 'hello', Payload: json(1) }, {});
      assert.equal(text(answer.Payload), '1');
    } finally {
      await again.close(0);
    }
  });
});
