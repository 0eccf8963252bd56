// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { createFunction, invoke } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

let name = '';
const scene = useServer({}, async ({ aws, roleArn }) => {
  const source = "exports.handler = async (event, context) => { console.log('served'); return { event, client: context.clientContext ?? null }; };";
  name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source }, MemorySize: 512, Timeout: 20 });
});

suite('Invoke: parse', () => {
  test('a payload that is not JSON is refused', async () => {
    const { aws } = scene();
    await expectRefusal(aws.lambda.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from('{"a":') })), {
      name: 'InvalidRequestContentException',
      status: 400,
      message: /^Could not parse request body into json/,
    });
  });
  test('no payload is an empty event', async () => {
    const { aws } = scene();
    const { Payload } = await aws.lambda.send(new InvokeCommand({ FunctionName: name }));
    assert.deepEqual(JSON.parse(Buffer.from(Payload ?? []).toString('utf8')), { event: {}, client: null });
  });
  test('a client context reaches the function', async () => {
    const { aws } = scene();
    const ClientContext = Buffer.from(JSON.stringify({ custom: { from: 'test' } })).toString('base64');
    const { payload } = await invoke(aws.lambda, name, 1, { ClientContext });
    assert.deepEqual(payload, { event: 1, client: { custom: { from: 'test' } } });
  });
});

suite('Invoke: constraints', () => {
  test('an unknown invocation type is refused', async () => {
    const { aws } = scene();
    await expectRefusal(aws.lambda.send(new InvokeCommand({ FunctionName: name, InvocationType: 'Later' as 'Event' })), {
      name: 'ValidationException',
      status: 400,
      message: /Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: \[/,
    });
  });
  test('a name that no function can have is refused', async () => {
    const { aws } = scene();
    await expectRefusal(invoke(aws.lambda, 'no spaces'), {
      name: 'ValidationException',
      status: 400,
      message: /Value 'no spaces' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern/,
    });
  });
  test('6 MB are served synchronously, one byte more is not', async () => {
    const { aws } = scene();
    // The quota is 6 MB = 6,291,456 bytes, and AWS's own message says so (Lambda quotas, "Invocation payload").
    const most = Buffer.alloc(6 * 1024 * 1024, 0x20);
    most.write('"fits"');
    const { FunctionError, Payload } = await aws.lambda.send(new InvokeCommand({ FunctionName: name, Payload: most }));
    assert.equal(FunctionError, undefined, Buffer.from(Payload ?? []).toString('utf8'));
    await expectRefusal(aws.lambda.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.concat([most, Buffer.from(' ')]) })), {
      name: 'RequestTooLargeException',
      status: 413,
      message: /^6291457 byte payload is too large for the RequestResponse invocation type \(limit 6291456 bytes\)$/,
    });
    await expectRefusal(aws.lambda.send(new InvokeCommand({ FunctionName: name, InvocationType: 'Event', Payload: most })), {
      name: 'RequestTooLargeException',
      status: 413,
      message: /^6291456 byte payload is too large for the Event invocation type \(limit 1048576 bytes\)$/,
    });
  });
});

suite('Invoke: authorisation', () => {
  test('a user without permission is refused in the words of AWS', async () => {
    const user = await createLimitedUser(scene(), []);
    const error = await expectRefusal(invoke(user.clients.lambda, name), { name: 'AccessDeniedException', status: 403 });
    assert.equal(
      error.message,
      `User: ${user.arn} is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:${name} because no identity-based policy allows the lambda:InvokeFunction action`,
    );
    user.clients.destroy();
  });
  test('a policy for this function allows this function only', async () => {
    const { aws, roleArn } = scene();
    const other = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => 1;' } });
    const Resource = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource }]);
    assert.equal((await invoke(user.clients.lambda, name)).status, 200);
    await expectRefusal(invoke(user.clients.lambda, other), { name: 'AccessDeniedException', status: 403 });
    user.clients.destroy();
  });
  test('a wrong secret is refused', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    const forged = user.with({ secretAccessKey: 'not-the-secret-of-this-key-at-all' });
    await expectRefusal(invoke(forged.lambda, name), { name: /^(InvalidSignatureException|SignatureDoesNotMatch)$/, status: 403 });
    forged.destroy();
    user.clients.destroy();
  });
});

suite('Invoke: behaviour', () => {
  test('a function that does not exist is not found', async () => {
    const { aws } = scene();
    await expectRefusal(invoke(aws.lambda, 'absent'), {
      name: 'ResourceNotFoundException',
      status: 404,
      message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:absent',
    });
  });
  test('a function is found by name, partial ARN and ARN', async () => {
    const { aws } = scene();
    for (const form of [name, `000000000000:function:${name}`, `arn:aws:lambda:us-east-1:000000000000:function:${name}`, `${name}:$LATEST`]) {
      assert.equal((await invoke(aws.lambda, form)).status, 200, form);
    }
  });
  test('a version that does not exist is not found', async () => {
    const { aws } = scene();
    await expectRefusal(invoke(aws.lambda, name, {}, { Qualifier: '7' }), {
      name: 'ResourceNotFoundException',
      status: 404,
      message: `Function not found: arn:aws:lambda:us-east-1:000000000000:function:${name}:7`,
    });
  });
  test('DryRun answers 204 and runs nothing', async () => {
    const { aws } = scene();
    const { StatusCode, Payload } = await aws.lambda.send(new InvokeCommand({ FunctionName: name, InvocationType: 'DryRun' }));
    assert.deepEqual([StatusCode, Payload?.length ?? 0], [204, 0]);
  });
  test('Event is accepted with 202, or refused in words, never dropped', async () => {
    const { aws } = scene();
    const call = aws.lambda.send(new InvokeCommand({ FunctionName: name, InvocationType: 'Event', Payload: Buffer.from('{}') }));
    const seen = await call.then(
      (answer) => `status ${answer.StatusCode}`,
      (error: Error) => error.message,
    );
    assert.match(seen, /^status 202$|does not implement asynchronous invocation/);
  });
  test('the log tail is the last 4 KB, only when asked for', async () => {
    const { aws, roleArn } = scene();
    const noisy = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': "exports.handler = async () => { for (let i = 0; i < 500; i += 1) console.log('line ' + i); };" } });
    const { logTail } = await invoke(aws.lambda, noisy, {}, { LogType: 'Tail' });
    // "LogResult: The last 4 KB of the execution log" (API reference, Invoke).
    assert.ok(Buffer.byteLength(logTail) <= 4096 && Buffer.byteLength(logTail) > 3_500, `${Buffer.byteLength(logTail)} bytes`);
    assert.match(logTail, /line 499\n[^]*REPORT RequestId: /);
    assert.equal((await invoke(aws.lambda, noisy)).logTail, '');
  });
  test('REPORT bills run and initialisation by the millisecond', async () => {
    const { aws, roleArn } = scene();
    const fresh = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => 1;' } });
    const cold = readReport((await invoke(aws.lambda, fresh, {}, { LogType: 'Tail' })).logTail);
    assert.ok(cold.initMs !== undefined && cold.initMs > 0);
    // Since August 2025 initialisation is billed for zip packages on managed runtimes too (Lambda pricing page).
    assert.equal(cold.billedMs, Math.ceil(Number((cold.durationMs + cold.initMs).toFixed(2))));
    const warm = readReport((await invoke(aws.lambda, fresh, {}, { LogType: 'Tail' })).logTail);
    assert.equal(warm.initMs, undefined);
    assert.equal(warm.billedMs, Math.max(1, Math.ceil(warm.durationMs)));
  });
});

function readReport(tail: string): { durationMs: number; billedMs: number; initMs: number | undefined } {
  const match = /REPORT RequestId: [0-9a-f-]{36}\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t(?:Init Duration: ([\d.]+) ms\t)?\n/.exec(tail);
  assert.ok(match, tail);
  return { durationMs: Number(match[1]), billedMs: Number(match[2]), initMs: match[3] === undefined ? undefined : Number(match[3]) };
}
