import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSqs, type TestSqs } from '../testSqs.ts';

const arnOf = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;

/** A queue `q` and its dead-letter queue `dead` that holds `count` messages. */
async function makeDead({ run, create, advance }: TestSqs, count: number, fifo = false): Promise<{ url: string; dead: string }> {
  const suffix = fifo ? '.fifo' : '';
  const attributes: Record<string, string> = fifo ? { FifoQueue: 'true', ContentBasedDeduplication: 'true' } : {};
  const dead = await create(`dead${suffix}`, attributes);
  const url = await create(`q${suffix}`, { ...attributes, VisibilityTimeout: '0', RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(`dead${suffix}`), maxReceiveCount: 1 }) });
  for (let at = 0; at < count; at += 1) await run('SendMessage', { QueueUrl: url, MessageBody: `${at}`, ...(fifo ? { MessageGroupId: 'g' } : {}) });
  for (let received = count; received > 0; ) {
    const { Messages = [] } = await run('ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 10 });
    received = Messages.length;
    await advance(1);
  }
  return { url, dead };
}

const bodiesIn = async ({ run }: TestSqs, QueueUrl: string): Promise<(string | undefined)[]> => {
  const { Messages = [] } = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 30 });
  return Messages.map(({ Body }) => Body);
};

test('startMessageMoveTask moves dead letters back to where they came from', () =>
  withSqs(async (sqs) => {
    const { run, advance } = sqs;
    const { url } = await makeDead(sqs, 3);
    const { TaskHandle } = await run('StartMessageMoveTask', { SourceArn: arnOf('dead') });
    assert.match(TaskHandle ?? '', /^[A-Za-z0-9+/=]+$/);
    await advance(1_000);
    const { Results: [task] = [] } = await run('ListMessageMoveTasks', { SourceArn: arnOf('dead') });
    const { StartedTimestamp, ...rest } = task ?? {};
    assert.equal(typeof StartedTimestamp, 'number');
    assert.deepEqual(rest, { Status: 'COMPLETED', SourceArn: arnOf('dead'), ApproximateNumberOfMessagesMoved: 3, ApproximateNumberOfMessagesToMove: 3 });
    assert.deepEqual((await bodiesIn(sqs, url)).sort(), ['0', '1', '2']);
  }));

test('startMessageMoveTask keeps the order of a FIFO queue', () =>
  withSqs(async (sqs) => {
    const { url } = await makeDead(sqs, 4, true);
    await sqs.run('StartMessageMoveTask', { SourceArn: arnOf('dead.fifo') });
    await sqs.advance(1_000);
    assert.deepEqual(await bodiesIn(sqs, url), ['0', '1', '2', '3']);
  }));

test('startMessageMoveTask keeps its rate, and cancelMessageMoveTask ends it', () =>
  withSqs(async (sqs) => {
    const { run, create, advance } = sqs;
    await makeDead(sqs, 5);
    await create('other');
    const { TaskHandle } = await run('StartMessageMoveTask', { SourceArn: arnOf('dead'), DestinationArn: arnOf('other'), MaxNumberOfMessagesPerSecond: 1 });
    await assert.rejects(run('StartMessageMoveTask', { SourceArn: arnOf('dead') }), { message: /There is already a task running/ });
    await advance(0);
    await advance(1_000);
    const { Results: [running] = [] } = await run('ListMessageMoveTasks', { SourceArn: arnOf('dead') });
    assert.deepEqual([running?.Status, running?.ApproximateNumberOfMessagesMoved, running?.TaskHandle], ['RUNNING', 2, TaskHandle]);
    assert.deepEqual(await run('CancelMessageMoveTask', { TaskHandle: TaskHandle ?? '' }), { ApproximateNumberOfMessagesMoved: 2 });
    await advance(5_000);
    const { Results: [ended] = [] } = await run('ListMessageMoveTasks', { SourceArn: arnOf('dead') });
    assert.deepEqual([ended?.Status, ended?.ApproximateNumberOfMessagesMoved], ['CANCELLED', 2]);
    await assert.rejects(run('CancelMessageMoveTask', { TaskHandle: 'x' }), { message: 'Value for parameter TaskHandle is invalid.' });
    await assert.rejects(run('CancelMessageMoveTask', { TaskHandle: Buffer.from(JSON.stringify({ taskId: 'x', sourceArn: arnOf('dead') })).toString('base64') }), {
      code: 'ResourceNotFoundException',
      message: 'Task does not exist.',
    });
  }));

test('startMessageMoveTask says what is wrong with its queues', () =>
  withSqs(async ({ run, create }) => {
    await create('alone');
    await assert.rejects(run('StartMessageMoveTask', { SourceArn: arnOf('alone') }), { message: 'Source queue must be configured as a Dead Letter Queue.' });
    await assert.rejects(run('StartMessageMoveTask', { SourceArn: arnOf('absent') }), { code: 'ResourceNotFoundException', message: "The resource that you specified for the SourceArn parameter doesn't exist." });
    await assert.rejects(run('StartMessageMoveTask', { SourceArn: 'alone' }), { message: /You must use this format to specify the SourceArn/ });
    await create('q', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf('alone'), maxReceiveCount: 1 }) });
    await assert.rejects(run('StartMessageMoveTask', { SourceArn: arnOf('alone'), DestinationArn: arnOf('absent') }), { message: "The resource that you specified for the DestinationArn parameter doesn't exist." });
    await assert.rejects(run('ListMessageMoveTasks', { SourceArn: arnOf('alone'), MaxResults: 11 }), { code: 'InvalidParameterValueException' });
  }));

test('startMessageMoveTask asks for sending to the destination, or to every queue that messages may go back to', () =>
  withSqs(async (sqs) => {
    await makeDead(sqs, 0);
    await sqs.create('other');
    const sends = async (input: object): Promise<string[]> =>
      [await sqs.access('StartMessageMoveTask', { SourceArn: arnOf('dead'), ...input })].flat().filter(({ action }) => action === 'sqs:SendMessage').map(({ resource }) => resource);
    assert.deepEqual(await sends({}), [arnOf('q')]);
    assert.deepEqual(await sends({ DestinationArn: arnOf('other') }), [arnOf('other')]);
  }));
