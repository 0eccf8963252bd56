import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloFunction, withLambda } from '../testing/testLambda.ts';

test('Invoke answers the failure of an extension, and the log has it as AWS writes it', async () => {
  await withLambda(async ({ call, sandbox, logText }) => {
    sandbox.behaviour.invoke = (_request, spec) => {
      spec.onExtension?.({ kind: 'telemetry', name: 'watcher', state: 'Subscribed', about: ['platform', 'function'] });
      spec.onExtension?.({ kind: 'extension', name: 'watcher', state: 'Ready', about: ['INVOKE', 'SHUTDOWN'] });
      return { kind: 'extension-failed', errorType: 'Extension.Crash', text: 'exit code 0' };
    };
    await call('CreateFunction', helloFunction);
    const { Payload, FunctionError } = await call('Invoke', { FunctionName: 'hello' }, { requestId: 'r' });
    assert.equal(FunctionError, 'Unhandled');
    assert.deepEqual(JSON.parse(Buffer.from(Payload ?? '').toString()), { errorType: 'Extension.Crash', errorMessage: 'RequestId: r Error: exit code 0' });
    assert.match(logText(), /TELEMETRY\tName: watcher\tState: Subscribed\tTypes: \[platform,function\]\nEXTENSION\tName: watcher\tState: Ready\tEvents: \[INVOKE,SHUTDOWN\]\n/);
    assert.match(logText(), /RequestId: r Error: exit code 0\nExtension\.Crash\nEND RequestId: r\nREPORT RequestId: r\t.*Status: error\tError Type: Extension\.Crash\n/);
  });
});

test('Invoke tries an init that an extension failed once more, and says so in the log', async () => {
  await withLambda(async ({ call, sandbox, logText }) => {
    sandbox.behaviour.init = () => ({ kind: 'extension-failed', errorType: 'Extension.LaunchError', text: 'fork/exec /opt/extensions/watcher: permission denied', durationMs: 5 });
    await call('CreateFunction', { ...helloFunction, LoggingConfig: { LogFormat: 'JSON' } });
    const { Payload } = await call('Invoke', { FunctionName: 'hello' });
    assert.equal((JSON.parse(Buffer.from(Payload ?? '').toString()) as { readonly errorType: string }).errorType, 'Extension.LaunchError');
    assert.equal(sandbox.started.length, 2);
    assert.match(logText(), /"type":"platform.initReport","record":\{"initializationType":"on-demand","phase":"init","status":"error","errorType":"Extension.LaunchError"/);
  });
});

test('an environment tells its process what happened before there was one, and every invocation after', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    const told: string[] = [];
    const start = sandbox.start.bind(sandbox);
    sandbox.start = async (spec) => {
      const environment = await start(spec);
      return Object.assign(environment, { tell: (make: () => { readonly type: string }) => void told.push(make().type) });
    };
    await call('Invoke', { FunctionName: 'hello' });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(told, ['platform.initStart', 'platform.initRuntimeDone', 'platform.initReport', 'platform.start', 'platform.runtimeDone', 'platform.report']);
  });
});
