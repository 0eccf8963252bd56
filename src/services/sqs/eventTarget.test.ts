import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Envelope } from '../../ports/outbox.ts';
import { encodeQueueMessage, type QueueMessage } from '../../ports/queueMessage.ts';
import { withSqs } from './testSqs.ts';

const arnOf = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const bucketArn = 'arn:aws:s3:::photos';

const policyFor = (name: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arnOf(name),
        Condition: { ArnLike: { 'aws:SourceArn': bucketArn }, StringEquals: { 'aws:SourceAccount': '000000000000' } },
      },
    ],
  });

function envelope(target: string, message: QueueMessage, more: Partial<Envelope> = {}): Envelope {
  return {
    id: 'e', source: 's3', sourceArn: bucketArn, target, account: '000000000000', region: 'us-east-1', callingPrincipal: 's3.amazonaws.com',
    payload: encodeQueueMessage(message), orderingKey: undefined, maximumAgeMs: 1, maximumAttempts: 1, createdAtMs: 0, attempts: 0, ...more,
  };
}

const delivery = (fresh = true) => ({ acknowledge: async () => fresh, signal: new AbortController().signal });

test('createEventTarget stores a message whose sender the queue lets in', () =>
  withSqs(async ({ sqs, run, create }) => {
    const QueueUrl = await create('q', { Policy: policyFor('q') });
    const target = sqs.eventTarget(arnOf('q'));
    const message: QueueMessage = { body: 'new', attributes: { a: { type: 'String', value: 'x' }, b: { type: 'Binary', value: Buffer.from([1]) } }, traceHeader: 'Root=1' };
    assert.deepEqual(await target?.deliver(envelope(arnOf('q'), message), delivery()), { kind: 'delivered' });
    // An attempt that was thought lost has put it there already.
    assert.deepEqual(await target?.deliver(envelope(arnOf('q'), message), delivery(false)), { kind: 'delivered' });
    const { Messages = [] } = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'], AttributeNames: ['All'] });
    assert.equal(Messages.length, 1);
    assert.deepEqual(Messages[0]?.MessageAttributes, { a: { DataType: 'String', StringValue: 'x' }, b: { DataType: 'Binary', BinaryValue: Buffer.from([1]) } });
    assert.equal(Messages[0]?.Attributes?.AWSTraceHeader, 'Root=1');
    // A payload that is not marked is the body itself.
    assert.deepEqual(await target?.deliver(envelope(arnOf('q'), message, { payload: Buffer.from('{"Records":[]}') }), delivery()), { kind: 'delivered' });
    assert.equal((await run('ReceiveMessage', { QueueUrl })).Messages?.[0]?.Body, '{"Records":[]}');
  }));

test('createDestinationAccess tells senders what would become of their messages', () =>
  withSqs(async ({ sqs, create }) => {
    await create('q', { Policy: policyFor('q') });
    await create('plain');
    const question = { service: 's3.amazonaws.com', sourceArn: bucketArn, sourceAccount: '000000000000' };
    assert.deepEqual(await sqs.mayReceive({ ...question, arn: arnOf('q') }), { kind: 'allowed' });
    assert.deepEqual(await sqs.mayReceive({ ...question, arn: arnOf('absent') }), { kind: 'absent' });
    const denied = await sqs.mayReceive({ ...question, arn: arnOf('plain') });
    assert.match(denied.kind === 'denied' ? denied.remedy : '', /^aws sqs set-queue-attributes --queue-url .*plain.* --attributes .*s3\.amazonaws\.com/);
  }));

test('createEventTarget refuses for good who is not let in, and what does not fit', () =>
  withSqs(async ({ sqs, create }) => {
    await create('q', { Policy: policyFor('q') });
    await create('plain');
    await create('f.fifo', { FifoQueue: 'true', Policy: policyFor('f.fifo') });
    const refused: readonly [string, QueueMessage, Partial<Envelope>, string | RegExp][] = [
      ['absent', { body: 'x' }, {}, 'AWS.SimpleQueueService.NonExistentQueue'],
      ['plain', { body: 'x' }, {}, 'AccessDenied'],
      ['q', { body: 'x' }, { sourceArn: 'arn:aws:s3:::others' }, 'AccessDenied'],
      ['q', { body: 'x' }, { callingPrincipal: 'sns.amazonaws.com' }, 'AccessDenied'],
      ['q', { body: 'x' }, { callingPrincipal: 'arn:aws:iam::000000000000:role/other' }, 'AccessDenied'],
      ['f.fifo', { body: 'x' }, {}, 'The request must contain the parameter MessageGroupId.'],
      ['q', { body: 'x'.repeat(1_048_577) }, {}, /Message must be shorter than 1048576 bytes/],
    ];
    for (const [name, message, more, reason] of refused) {
      const result = await sqs.eventTarget(arnOf(name))?.deliver(envelope(arnOf(name), message, more), delivery());
      assert.equal(result?.kind, 'rejected', name);
      if (typeof reason === 'string') assert.equal(result.reason, reason);
      else assert.match(result.reason, reason);
    }
    assert.equal(sqs.eventTarget('arn:aws:sns:us-east-1:000000000000:q'), undefined);
  }));

test('createEventTarget keeps order and group of a FIFO queue, in the name of a role', () =>
  withSqs(async ({ sqs, run, create }) => {
    const QueueUrl = await create('f.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    for (const body of ['1', '2', '2']) {
      const sent = envelope(arnOf('f.fifo'), { body, groupId: 'g' }, { callingPrincipal: 'arn:aws:iam::000000000000:role/sender' });
      assert.deepEqual(await sqs.eventTarget(arnOf('f.fifo'))?.deliver(sent, delivery()), { kind: 'delivered' });
    }
    const { Messages = [] } = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    assert.deepEqual(Messages.map(({ Body }) => Body), ['1', '2']);
  }));
