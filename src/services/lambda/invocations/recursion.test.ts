import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enterTrace, markOf } from '../domain/trace.ts';
import { createFakeQueues } from '../testing/fakeQueues.ts';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';
import { turns, until } from '../testing/until.ts';

const arn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
const queueArn = `arn:aws:sqs:us-east-1:${account}:orders`;
const root = 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0';
const chainOf = (runs: number): string => `${root};Lineage=1:${markOf(arn)}:${runs - 1}`;
const headed = (header: string) => ({ head: { method: 'POST', path: '/', query: '', headers: { 'x-amzn-trace-id': header } } });
const stopped = {
  code: 'RecursiveInvocationException',
  status: 400,
  message: "Lambda has detected your function being invoked in a recursive loop with other AWS resources and stopped your function's invocation.",
};

test('Invoke runs a function sixteen times in one chain, and no seventeenth time unless it is allowed to loop', async () => {
  await withLambda(async ({ call, sandbox, warnings }) => {
    await call('CreateFunction', helloFunction);
    const told: (string | undefined)[] = [];
    sandbox.behaviour.invoke = ({ traceId }) => {
      told.push(traceId);
      return { kind: 'response', payload: Buffer.from('1') };
    };
    let header = root;
    for (let run = 0; run < 16; run += 1) {
      await call('Invoke', { FunctionName: 'hello' }, headed(header));
      header = told.at(-1) ?? '';
      assert.equal(header, chainOf(run + 1));
    }
    await assert.rejects(call('Invoke', { FunctionName: 'hello' }, headed(header)), stopped);
    assert.equal(warnings.filter(({ text }) => text.includes('recursive loop')).length, 1);
    assert.deepEqual(await call('GetFunctionRecursionConfig', { FunctionName: 'hello' }), { RecursiveLoop: 'Terminate' });
    assert.deepEqual(await call('PutFunctionRecursionConfig', { FunctionName: 'hello', RecursiveLoop: 'Allow' }), { RecursiveLoop: 'Allow' });
    await call('Invoke', { FunctionName: 'hello' }, headed(header));
    assert.equal(told.at(-1), chainOf(17));
    await call('PutFunctionRecursionConfig', { FunctionName: 'hello', RecursiveLoop: 'Terminate' });
    await assert.rejects(call('Invoke', { FunctionName: 'hello' }, headed(told.at(-1) ?? '')), stopped);
  });
});

test('Invoke with Event accepts an event of a loop, and ends it at the function without a retry', async () => {
  const queues = createFakeQueues();
  queues.descriptions.set(queueArn, { fifo: false, visibilityTimeoutSeconds: 30 });
  await withLambda(async ({ call, sandbox, startEvents }) => {
    let runs = 0;
    sandbox.behaviour.invoke = () => {
      runs += 1;
      return { kind: 'response', payload: Buffer.from('1') };
    };
    await call('CreateFunction', { ...helloFunction, DeadLetterConfig: { TargetArn: queueArn } });
    await call('Invoke', { FunctionName: 'hello', InvocationType: 'Event' }, headed(chainOf(16)));
    const dispatcher = startEvents();
    // Nothing delivers to the queue here: what was told it is a dead record.
    await until(async () => (await dispatcher.listDead({ limit: 10 })).length === 1);
    const [letter] = await dispatcher.listDead({ limit: 10 });
    assert.equal(letter?.envelope.target, queueArn);
    assert.match(Buffer.from((await dispatcher.readDead(letter))?.payload ?? '').toString(), new RegExp(`"ErrorCode":{"type":"Number","text":"400"}.*"text":"${stopped.message}"`));
    assert.equal(letter.envelope.traceHeader, enterTrace(chainOf(16), arn).header);
    assert.equal(runs, 0);
  }, { queues });
});

for (const [where, description] of [['drops', {}], ['leaves to the dead-letter queue', { maxReceiveCount: 1 }]] as const) {
  test(`an event source mapping ${where} messages with which its function would go on in a loop`, async () => {
    const queues = createFakeQueues();
    queues.descriptions.set(queueArn, { fifo: false, visibilityTimeoutSeconds: 30, ...description });
    await withLambda(async ({ call, sandbox, lambda }) => {
      const batches: string[] = [];
      sandbox.behaviour.invoke = ({ event, traceId }) => {
        const { Records } = JSON.parse(Buffer.from(event).toString()) as { Records: { body: string }[] };
        batches.push(`${Records.map(({ body }) => body).join()} ${traceId ?? ''}`);
        return { kind: 'response', payload: Buffer.from('null') };
      };
      await call('CreateFunction', helloFunction);
      queues.send('1', { AWSTraceHeader: chainOf(2) });
      queues.send('2', { AWSTraceHeader: chainOf(16) });
      queues.send('3', { AWSTraceHeader: chainOf(7) });
      await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: queueArn });
      lambda.startPolling();
      await until(() => batches.length === 1);
      await until(() => (where === 'drops' ? queues.deleted.length === 3 : queues.givenBack.length === 1));
      await turns();
      assert.deepEqual(batches, [`1,3 ${chainOf(8)}`]);
      await lambda.close(0);
    }, { queues });
  });
}

test('CreateFunction with active tracing records the requests that are sampled', async () => {
  await withLambda(async ({ call, sandbox, logText }) => {
    let told = '';
    sandbox.behaviour.invoke = ({ traceId }) => {
      told = traceId ?? '';
      return { kind: 'response', payload: Buffer.from('1') };
    };
    const { TracingConfig } = await call('CreateFunction', { ...helloFunction, TracingConfig: { Mode: 'Active' } });
    assert.deepEqual(TracingConfig, { Mode: 'Active' });
    await call('Invoke', { FunctionName: 'hello' });
    assert.match(told, /;Sampled=1;/);
    assert.match(logText(), /\nXRAY TraceId: 1-[0-9a-f]{8}-[0-9a-f]{24}\tSegmentId: [0-9a-f]{16}\tSampled: true\t\n/);
    await call('Invoke', { FunctionName: 'hello' }, headed(root));
    assert.match(told, /;Sampled=0;/);
    const updated = await call('UpdateFunctionConfiguration', { FunctionName: 'hello', TracingConfig: { Mode: 'PassThrough' } });
    assert.deepEqual(updated.TracingConfig, { Mode: 'PassThrough' });
    await call('Invoke', { FunctionName: 'hello' });
    assert.match(told, /;Sampled=0;/);
  });
});

test('CreateFunction with active tracing needs a role that may send segments', async () => {
  await withLambda(async ({ call }) => {
    await assert.rejects(call('CreateFunction', { ...helloFunction, TracingConfig: { Mode: 'Active' } }), {
      message: 'The provided execution role does not have permissions to call PutTraceSegments on XRAY',
    });
  }, { roleAccess: async () => false });
});
