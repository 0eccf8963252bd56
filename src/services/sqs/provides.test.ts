import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turns, withSqs } from './testSqs.ts';

const arn = 'arn:aws:sqs:us-east-1:000000000000:q';
const signal = new AbortController().signal;

test('createQueueReader waits for messages, and deletes or shows them again', () =>
  withSqs(async ({ sqs, run, create, clock, comeTo }) => {
    const QueueUrl = await create('q', { VisibilityTimeout: '60' });
    assert.deepEqual(await sqs.reader.describe(arn), { fifo: false, visibilityTimeoutSeconds: 60 });
    const waiting = sqs.reader.receive(arn, { maxMessages: 10, waitMs: 20_000, signal });
    await turns();
    await run('SendMessage', { QueueUrl, MessageBody: 'a', MessageAttributes: { n: { DataType: 'Number', StringValue: '1' } } });
    const sentMs = clock.now();
    const [record] = (await comeTo(waiting)) ?? [];
    assert.equal(record?.body, 'a');
    assert.deepEqual(record.messageAttributes, { n: { stringValue: '1', dataType: 'Number' } });
    assert.equal(record.attributes['SentTimestamp'], String(sentMs));
    assert.deepEqual(await sqs.reader.changeVisibility(arn, [record.receiptHandle], 0), []);
    const [again] = (await sqs.reader.receive(arn, { maxMessages: 10, waitMs: 0, signal })) ?? [];
    assert.equal(again?.attributes['ApproximateReceiveCount'], '2');
    assert.deepEqual(await sqs.reader.delete(arn, [again?.receiptHandle ?? '', 'nonsense']), ['nonsense']);
    assert.deepEqual(await sqs.reader.receive(arn, { maxMessages: 10, waitMs: 0, signal }), []);
  }));

test('createQueueReader ends its waiting when it is told to, and when the queue is gone', () =>
  withSqs(async ({ sqs, run, create }) => {
    assert.equal(await sqs.reader.describe(arn), undefined);
    assert.equal(await sqs.reader.receive(arn, { maxMessages: 1, waitMs: 0, signal }), undefined);
    const QueueUrl = await create('q');
    const stopping = new AbortController();
    const stopped = sqs.reader.receive(arn, { maxMessages: 1, waitMs: 20_000, signal: stopping.signal });
    const orphaned = sqs.reader.receive(arn, { maxMessages: 1, waitMs: 20_000, signal });
    await turns();
    stopping.abort();
    assert.deepEqual(await stopped, []);
    await run('DeleteQueue', { QueueUrl });
    assert.equal(await orphaned, undefined);
  }));
