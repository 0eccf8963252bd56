import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dispatcher } from '../../../outbox/dispatcher.ts';
import { decodeQueueMessage } from '../../../ports/queueMessage.ts';
import type { QueueMessage } from '../../../ports/queueMessage.ts';
import type { InvocationOutcome } from '../../../sandbox/types.ts';
import { createFakeQueues } from '../testing/fakeQueues.ts';
import { account, helloFunction, roleArn, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';
import { turns, until } from '../testing/until.ts';

const queueArn = `arn:aws:sqs:us-east-1:${account}:ends`;
const functionArn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
const minute = 60_000;
const failure: InvocationOutcome = { kind: 'function-error', payload: Buffer.from('{"errorMessage":"no","errorType":"Error"}') };
const event = { FunctionName: 'hello', InvocationType: 'Event', Payload: Buffer.from('{"n":1}') } as const;

async function withQueue(run: (bench: TestLambda) => Promise<void>): Promise<void> {
  const queues = createFakeQueues();
  queues.descriptions.set(queueArn, { fifo: false, visibilityTimeoutSeconds: 30 });
  queues.descriptions.set(`${queueArn}.fifo`, { fifo: true, visibilityTimeoutSeconds: 30 });
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    await run(bench);
  }, { queues, roleAccess: async ({ action }) => action !== 'lambda:InvokeFunction' });
}

/** There is no SQS here, so what is sent to a queue ends as a dead record. */
async function sentTo(dispatcher: Dispatcher, arn: string): Promise<(QueueMessage & { readonly principal: string })[]> {
  const dead = (await dispatcher.listDead({ limit: 10 })).filter(({ envelope }) => envelope.target === arn);
  return Promise.all(dead.map(async (record) => ({ ...decodeQueueMessage((await dispatcher.readDead(record))?.payload ?? new Uint8Array()), principal: record.envelope.callingPrincipal })));
}

test('PutFunctionEventInvokeConfig replaces, UpdateFunctionEventInvokeConfig changes, and each qualifier has its own', () =>
  withQueue(async ({ call, clock }) => {
    const put = await call('PutFunctionEventInvokeConfig', { FunctionName: 'hello', MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Destination: queueArn } } });
    assert.deepEqual(put, {
      LastModified: new Date(clock.now()),
      FunctionArn: `${functionArn}:$LATEST`,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnSuccess: {}, OnFailure: { Destination: queueArn } },
    });
    const updated = await call('UpdateFunctionEventInvokeConfig', { FunctionName: 'hello', MaximumEventAgeInSeconds: 60 });
    assert.deepEqual([updated.MaximumRetryAttempts, updated.MaximumEventAgeInSeconds, updated.DestinationConfig?.OnFailure], [1, 60, { Destination: queueArn }]);
    assert.deepEqual(await call('GetFunctionEventInvokeConfig', { FunctionName: 'hello', Qualifier: '$LATEST' }), updated);
    await call('PublishVersion', { FunctionName: 'hello' });
    await call('PutFunctionEventInvokeConfig', { FunctionName: 'hello', Qualifier: '1', MaximumRetryAttempts: 0 });
    const first = await call('ListFunctionEventInvokeConfigs', { FunctionName: 'hello', MaxItems: 1 });
    const second = await call('ListFunctionEventInvokeConfigs', { FunctionName: 'hello', MaxItems: 1, Marker: first.NextMarker });
    assert.deepEqual([first, second].map(({ FunctionEventInvokeConfigs: [one] = [] }) => one?.FunctionArn), [`${functionArn}:$LATEST`, `${functionArn}:1`]);
    assert.equal(second.NextMarker, undefined);
    const replaced = await call('PutFunctionEventInvokeConfig', { FunctionName: 'hello', MaximumEventAgeInSeconds: 70 });
    assert.deepEqual([replaced.MaximumRetryAttempts, replaced.DestinationConfig], [undefined, { OnSuccess: {}, OnFailure: {} }]);
    await call('DeleteFunctionEventInvokeConfig', { FunctionName: 'hello' });
    const none = { code: 'ResourceNotFoundException', message: `The function ${functionArn}:$LATEST doesn't have an EventInvokeConfig` };
    await assert.rejects(call('GetFunctionEventInvokeConfig', { FunctionName: 'hello' }), none);
    await assert.rejects(call('DeleteFunctionEventInvokeConfig', { FunctionName: 'hello' }), none);
    await assert.rejects(call('UpdateFunctionEventInvokeConfig', { FunctionName: 'hello', MaximumRetryAttempts: 1 }), none);
  }));

const refusals = [
  { what: 'nothing', given: {}, message: 'You must specify at least one of error handling or destination setting.' },
  { what: 'itself', given: { DestinationConfig: { OnSuccess: { Destination: functionArn } } }, message: "You can't specify the function as a destination for itself." },
  { what: 'a function that its role may not invoke', given: { DestinationConfig: { OnSuccess: { Destination: `${functionArn}-2` } } }, message: `The function's execution role does not have permissions to call InvokeFunction on ${functionArn}-2` },
  { what: 'a queue that is not there', given: { DestinationConfig: { OnFailure: { Destination: `${queueArn}-not` } } }, message: `The destination ARN ${queueArn}-not is invalid.` },
  { what: 'a FIFO queue', given: { DestinationConfig: { OnFailure: { Destination: `${queueArn}.fifo` } } }, message: `The destination ARN ${queueArn}.fifo is invalid.` },
  { what: 'a topic', given: { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sns:us-east-1:1:t' } } }, message: 'The destination ARN arn:aws:sns:us-east-1:1:t is invalid.' },
];
for (const { what, given, message } of refusals) {
  test(`PutFunctionEventInvokeConfig refuses ${what}`, () =>
    withQueue(async ({ call }) => {
      await call('CreateFunction', { ...helloFunction, FunctionName: 'hello-2' });
      await assert.rejects(call('PutFunctionEventInvokeConfig', { FunctionName: 'hello', ...given }), { code: 'InvalidParameterValueException', message });
    }));
}

test('PutFunctionEventInvokeConfig: what fails as often as it may is told to the failure destination and the dead-letter queue', () =>
  withQueue(async ({ call, clock, sandbox, startEvents }) => {
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', DeadLetterConfig: { TargetArn: `${queueArn}` } });
    assert.deepEqual((await call('GetFunctionConfiguration', { FunctionName: 'hello' })).DeadLetterConfig, { TargetArn: queueArn });
    await call('PutFunctionEventInvokeConfig', { FunctionName: 'hello', MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Destination: queueArn } } });
    let runs = 0;
    sandbox.behaviour.invoke = () => {
      runs += 1;
      return failure;
    };
    const dispatcher = startEvents();
    await call('Invoke', event, { requestId: 'one' });
    await until(() => runs === 1);
    await turns(200);
    clock.advance(minute);
    await until(async () => (await sentTo(dispatcher, queueArn)).length === 2);
    const sent = await sentTo(dispatcher, queueArn);
    const record = sent.find(({ body }) => body.startsWith('{"version"'));
    const letter = sent.find(({ body }) => body === '{"n":1}');
    assert.deepEqual(JSON.parse(record?.body ?? ''), {
      version: '1.0',
      timestamp: new Date(clock.now()).toISOString(),
      requestContext: { requestId: 'one', functionArn: `${functionArn}:$LATEST`, condition: 'RetriesExhausted', approximateInvokeCount: 2 },
      requestPayload: { n: 1 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorMessage: 'no', errorType: 'Error' },
    });
    assert.deepEqual(letter?.attributes, {
      RequestID: { type: 'String', value: 'one' },
      ErrorCode: { type: 'Number', value: '200' },
      ErrorMessage: { type: 'String', value: 'no' },
    });
    assert.deepEqual(sent.map(({ principal }) => principal), [roleArn, roleArn]);
    assert.equal((await dispatcher.listDead({ limit: 10 })).length, 2);
  }));

test('PutFunctionEventInvokeConfig: an event that grows too old ends without another attempt', () =>
  withQueue(async ({ call, clock, sandbox, startEvents }) => {
    await call('PutFunctionEventInvokeConfig', { FunctionName: 'hello', MaximumEventAgeInSeconds: 90, DestinationConfig: { OnFailure: { Destination: queueArn } } });
    let runs = 0;
    sandbox.behaviour.invoke = () => {
      runs += 1;
      return failure;
    };
    const dispatcher = startEvents();
    await call('Invoke', event);
    await until(() => runs === 1);
    for (let step = 0; step < 10; step += 1) {
      await turns(200);
      clock.advance(minute / 2);
    }
    await until(async () => (await sentTo(dispatcher, queueArn)).length === 1);
    const [sent] = await sentTo(dispatcher, queueArn);
    const { requestContext } = JSON.parse(sent?.body ?? '') as { requestContext: object };
    assert.deepEqual({ ...requestContext, requestId: '' }, { requestId: '', functionArn: `${functionArn}:$LATEST`, condition: 'EventAgeExceeded', approximateInvokeCount: 2 });
    assert.equal(runs, 2);
  }));

test('PutFunctionEventInvokeConfig: a success is told to its destination, with what was asked and answered', () =>
  withQueue(async ({ call, sandbox, startEvents }) => {
    await call('PutFunctionEventInvokeConfig', { FunctionName: 'hello', DestinationConfig: { OnSuccess: { Destination: queueArn } } });
    sandbox.behaviour.invoke = () => ({ kind: 'response', payload: Buffer.from('"done"') });
    const dispatcher = startEvents();
    await call('Invoke', event);
    await until(async () => (await sentTo(dispatcher, queueArn)).length === 1);
    const [sent] = await sentTo(dispatcher, queueArn);
    const record = JSON.parse(sent?.body ?? '') as Record<string, unknown>;
    assert.deepEqual(record.responseContext, { statusCode: 200, executedVersion: '$LATEST' });
    assert.deepEqual([record.requestPayload, record.responsePayload], [{ n: 1 }, 'done']);
    assert.deepEqual((record.requestContext as Record<string, unknown>).condition, 'Success');
  }));
