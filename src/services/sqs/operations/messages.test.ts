import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turns, withSqs } from '../testSqs.ts';

test('sendMessage gives a message out that receiveMessage hides for its visibility timeout', () =>
  withSqs(async ({ run, create, advance }) => {
    const QueueUrl = await create('q', { VisibilityTimeout: '10' });
    const sent = await run('SendMessage', { QueueUrl, MessageBody: 'hello' });
    assert.equal(sent.MD5OfMessageBody, '5d41402abc4b2a76b9719d911017c592');
    const first = await run('ReceiveMessage', { QueueUrl, AttributeNames: ['All'] });
    assert.equal(first.Messages?.[0]?.Body, 'hello');
    assert.equal(first.Messages[0].MessageId, sent.MessageId);
    assert.equal(first.Messages[0].Attributes?.ApproximateReceiveCount, '1');
    assert.deepEqual(await run('ReceiveMessage', { QueueUrl }), {});
    await advance(10_000);
    const again = await run('ReceiveMessage', { QueueUrl, AttributeNames: ['All'] });
    assert.equal(again.Messages?.[0]?.Attributes?.ApproximateReceiveCount, '2');
    // The handle of the first receive is no longer the newest one.
    await run('DeleteMessage', { QueueUrl, ReceiptHandle: first.Messages[0].ReceiptHandle ?? '' });
    await advance(10_000);
    const third = await run('ReceiveMessage', { QueueUrl });
    await run('DeleteMessage', { QueueUrl, ReceiptHandle: third.Messages?.[0]?.ReceiptHandle ?? '' });
    await advance(10_000);
    assert.deepEqual(await run('ReceiveMessage', { QueueUrl }), {});
  }));

test('receiveMessage waits for a message, and for a delayed one', () =>
  withSqs(async ({ run, create, clock, comeTo }) => {
    const QueueUrl = await create('q');
    const waiting = run('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
    await turns();
    await run('SendMessage', { QueueUrl, MessageBody: 'a' });
    assert.equal((await comeTo(waiting)).Messages?.[0]?.Body, 'a');
    await run('SendMessage', { QueueUrl, MessageBody: 'later', DelaySeconds: 5 });
    const second = run('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
    const sentMs = clock.now();
    assert.equal((await comeTo(second)).Messages?.[0]?.Body, 'later');
    assert.ok(clock.now() - sentMs >= 5_000);
    const startMs = clock.now();
    assert.deepEqual(await comeTo(run('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 2 })), {});
    assert.ok(clock.now() - startMs >= 2_000);
  }));

test('receiveMessage gives every message to one of many receivers at once', () =>
  withSqs(async ({ run, create, comeTo }) => {
    const QueueUrl = await create('q');
    for (let at = 0; at < 10; at += 1) {
      await run('SendMessageBatch', { QueueUrl, Entries: Array.from({ length: 10 }, (_, entry) => ({ Id: `${entry}`, MessageBody: `${at * 10 + entry}` })) });
    }
    const received = await comeTo(Promise.all(Array.from({ length: 20 }, () => run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 5, WaitTimeSeconds: 10 }))));
    const bodies = received.flatMap(({ Messages = [] }) => Messages.map(({ Body }) => Number(Body))).sort((a, b) => a - b);
    assert.deepEqual(bodies, Array.from({ length: 100 }, (_, at) => at));
  }));

test('getQueueAttributes counts what is visible, in flight and delayed', () =>
  withSqs(async ({ run, create, advance }) => {
    const counts = async (QueueUrl: string): Promise<unknown> =>
      (await run('GetQueueAttributes', { QueueUrl, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] })).Attributes;
    const told = (visible: number, hidden: number, delayed: number) => ({
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesNotVisible: String(hidden),
      ApproximateNumberOfMessagesDelayed: String(delayed),
    });
    const QueueUrl = await create('q');
    for (const body of ['a', 'b', 'c']) await run('SendMessage', { QueueUrl, MessageBody: body });
    await run('SendMessage', { QueueUrl, MessageBody: 'd', DelaySeconds: 60 });
    await run('ReceiveMessage', { QueueUrl });
    assert.deepEqual(await counts(QueueUrl), told(2, 1, 1));
    await advance(60_000);
    assert.deepEqual(await counts(QueueUrl), told(4, 0, 0));
    const fifo = await create('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    for (const body of ['a', 'b', 'c']) await run('SendMessage', { QueueUrl: fifo, MessageBody: body, MessageGroupId: 'g' });
    await run('ReceiveMessage', { QueueUrl: fifo });
    assert.deepEqual(await counts(fifo), told(2, 1, 0));
    // Everything is too old after four days.
    await advance(345_600_000);
    assert.deepEqual(await counts(QueueUrl), told(0, 0, 0));
    assert.deepEqual(await counts(fifo), told(0, 0, 0));
  }));

test('receiveMessage keeps the order of a group, and gives nothing of it while something is in flight', () =>
  withSqs(async ({ run, create, advance }) => {
    const QueueUrl = await create('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true', VisibilityTimeout: '10' });
    for (const body of ['1', '2', '3', '4']) await run('SendMessage', { QueueUrl, MessageBody: body, MessageGroupId: 'a' });
    await run('SendMessage', { QueueUrl, MessageBody: 'x', MessageGroupId: 'b' });
    const first = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 2 });
    assert.deepEqual(first.Messages?.map(({ Body }) => Body), ['1', '2']);
    const second = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    assert.deepEqual(second.Messages?.map(({ Body }) => Body), ['x']);
    await run('DeleteMessage', { QueueUrl, ReceiptHandle: first.Messages?.[0]?.ReceiptHandle ?? '' });
    assert.deepEqual(await run('ReceiveMessage', { QueueUrl }), {});
    await run('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: first.Messages?.[1]?.ReceiptHandle ?? '', VisibilityTimeout: 0 });
    const third = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    assert.deepEqual(third.Messages?.map(({ Body }) => Body), ['2', '3', '4']);
    await advance(10_000);
    await assert.rejects(run('DeleteMessage', { QueueUrl, ReceiptHandle: third.Messages?.[0]?.ReceiptHandle ?? '' }), { message: /The receipt handle has expired/ });
  }));

test('sendMessage takes a duplicate within five minutes for the first one', () =>
  withSqs(async ({ run, create, advance }) => {
    const QueueUrl = await create('q.fifo', { FifoQueue: 'true' });
    const message = { QueueUrl, MessageBody: 'm', MessageGroupId: 'g', MessageDeduplicationId: 'd' };
    const first = await run('SendMessage', message);
    const second = await run('SendMessage', { ...message, MessageBody: 'n' });
    assert.equal(second.MessageId, first.MessageId);
    assert.equal(second.SequenceNumber, first.SequenceNumber);
    await advance(300_000);
    const third = await run('SendMessage', message);
    assert.notEqual(third.MessageId, first.MessageId);
    assert.ok((third.SequenceNumber ?? '') > (first.SequenceNumber ?? ''));
    assert.equal((await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 })).Messages?.length, 2);
  }));

test('receiveMessage moves a message to the dead-letter queue that was received too often', () =>
  withSqs(async ({ run, create, advance }) => {
    const dead = await create('dead');
    const QueueUrl = await create('q', { VisibilityTimeout: '1', RedrivePolicy: JSON.stringify({ deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead', maxReceiveCount: '2' }) });
    await run('SendMessage', { QueueUrl, MessageBody: 'bad' });
    for (let at = 0; at < 2; at += 1) {
      assert.equal((await run('ReceiveMessage', { QueueUrl })).Messages?.length, 1);
      await advance(1_000);
    }
    assert.deepEqual(await run('ReceiveMessage', { QueueUrl }), {});
    const { Messages: letters } = await run('ReceiveMessage', { QueueUrl: dead, MessageSystemAttributeNames: ['All'] });
    assert.equal(letters?.[0]?.Body, 'bad');
    assert.equal(letters[0].Attributes?.DeadLetterQueueSourceArn, 'arn:aws:sqs:us-east-1:000000000000:q');
    assert.equal(letters[0].Attributes?.ApproximateReceiveCount, '3');
    assert.deepEqual((await run('ListDeadLetterSourceQueues', { QueueUrl: dead })).queueUrls, [QueueUrl]);
  }));

test('sendMessageBatch, deleteMessageBatch and changeMessageVisibilityBatch answer for each entry', () =>
  withSqs(async ({ run, create }) => {
    const QueueUrl = await create('q');
    const sent = await run('SendMessageBatch', { QueueUrl, Entries: [{ Id: 'a', MessageBody: 'a' }, { Id: 'b', MessageBody: '\u0000' }, { Id: 'c', MessageBody: 'c', DelaySeconds: 901 }] });
    assert.deepEqual(sent.Successful?.map(({ Id }) => Id), ['a']);
    assert.deepEqual(sent.Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]), [['b', 'InvalidMessageContents', true], ['c', 'InvalidParameterValue', true]]);
    const handle = (await run('ReceiveMessage', { QueueUrl })).Messages?.[0]?.ReceiptHandle ?? '';
    const changed = await run('ChangeMessageVisibilityBatch', { QueueUrl, Entries: [{ Id: 'a', ReceiptHandle: handle, VisibilityTimeout: 0 }, { Id: 'b', ReceiptHandle: 'x', VisibilityTimeout: 0 }] });
    assert.deepEqual([changed.Successful, changed.Failed?.[0]?.Code], [[{ Id: 'a' }], 'ReceiptHandleIsInvalid']);
    // Visible again, and not received since: the handle is still the newest.
    const deleted = await run('DeleteMessageBatch', { QueueUrl, Entries: [{ Id: 'a', ReceiptHandle: handle }] });
    assert.deepEqual(deleted.Successful, [{ Id: 'a' }]);
    assert.deepEqual(await run('ReceiveMessage', { QueueUrl }), {});
    const refused: readonly [Record<string, unknown>[], string, string][] = [
      [[], 'EmptyBatchRequest', 'There should be at least one SendMessageBatchRequestEntry in the request.'],
      [Array.from({ length: 11 }, (_, at) => ({ Id: `${at}`, MessageBody: 'x' })), 'TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10. You have sent 11.'],
      [[{ Id: 'a:b', MessageBody: 'x' }], 'InvalidBatchEntryId', 'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.'],
      [[{ Id: 'a', MessageBody: 'x' }, { Id: 'a', MessageBody: 'y' }], 'BatchEntryIdsNotDistinct', 'Id a repeated.'],
      [[{ Id: 'a', MessageBody: 'x'.repeat(1_048_576) }, { Id: 'b', MessageBody: 'y' }], 'BatchRequestTooLong', 'Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.'],
    ];
    for (const [entries, code, message] of refused) await assert.rejects(run('SendMessageBatch', { QueueUrl, Entries: entries as never }), { code, message });
    await assert.rejects(run('DeleteMessageBatch', { QueueUrl, Entries: [] }), { code: 'EmptyBatchRequest' });
  }));

test('sendMessage takes a mebibyte and not one byte more, and keeps it whole', () =>
  withSqs(async ({ run, create }) => {
    const QueueUrl = await create('q');
    const body = '하'.repeat(349_525) + 'x';
    assert.equal(Buffer.byteLength(body), 1_048_576);
    await run('SendMessage', { QueueUrl, MessageBody: body });
    await assert.rejects(run('SendMessage', { QueueUrl, MessageBody: `${body}y` }), {
      code: 'InvalidParameterValueException',
      message: 'One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.',
    });
    const { Messages: [message] = [] } = await run('ReceiveMessage', { QueueUrl });
    assert.equal(message?.Body, body);
    await run('DeleteMessage', { QueueUrl, ReceiptHandle: message?.ReceiptHandle ?? '' });
  }));

test('receiveMessage repeats an attempt of a FIFO queue as long as nothing was done to its messages', () =>
  withSqs(async ({ run, create, advance }) => {
    const QueueUrl = await create('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    for (const body of ['1', '2']) await run('SendMessage', { QueueUrl, MessageBody: body, MessageGroupId: 'a' });
    const first = await run('ReceiveMessage', { QueueUrl, ReceiveRequestAttemptId: 'once' });
    await advance(20_000);
    assert.deepEqual(await run('ReceiveMessage', { QueueUrl, ReceiveRequestAttemptId: 'once' }), first);
    // Hidden anew by the repetition.
    await advance(20_000);
    assert.deepEqual(await run('ReceiveMessage', { QueueUrl }), {});
    await run('DeleteMessage', { QueueUrl, ReceiptHandle: first.Messages?.[0]?.ReceiptHandle ?? '' });
    const next = await run('ReceiveMessage', { QueueUrl, ReceiveRequestAttemptId: 'once' });
    assert.equal(next.Messages?.[0]?.Body, '2');
  }));

test('changeMessageVisibility hides no message for more than twelve hours after it was received', () =>
  withSqs(async ({ run, create, advance }) => {
    const QueueUrl = await create('q');
    await run('SendMessage', { QueueUrl, MessageBody: 'x' });
    const handle = (await run('ReceiveMessage', { QueueUrl })).Messages?.[0]?.ReceiptHandle ?? '';
    await run('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: handle, VisibilityTimeout: 43_200 });
    await advance(1_000);
    await assert.rejects(run('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: handle, VisibilityTimeout: 43_200 }), {
      message: 'Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
    });
    await run('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: handle, VisibilityTimeout: 43_199 });
    await assert.rejects(run('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: handle, VisibilityTimeout: 43_201 }), { code: 'InvalidParameterValueException' });
    await assert.rejects(run('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: handle }), { message: 'The request must contain the parameter VisibilityTimeout.' });
  }));

test('receiveMessage lets the groups of a standard queue take turns', () =>
  withSqs(async ({ run, create }) => {
    const QueueUrl = await create('q');
    const send = (group: string, bodies: readonly number[]): Promise<unknown> =>
      run('SendMessageBatch', { QueueUrl, Entries: bodies.map((at) => ({ Id: `${at}`, MessageBody: `${group}${at}`, MessageGroupId: group })) });
    for (let at = 0; at < 100; at += 10) await send('noisy', Array.from({ length: 10 }, (_, entry) => at + entry));
    await send('quiet', [0, 1]);
    await send('silent', [0]);
    const { Messages = [] } = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 5, MessageSystemAttributeNames: ['MessageGroupId'] });
    assert.deepEqual(Messages.map(({ Attributes }) => Attributes?.MessageGroupId).sort(), ['noisy', 'noisy', 'quiet', 'quiet', 'silent']);
    let rest = 0;
    for (let got = 1; got > 0; rest += got) got = (await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 })).Messages?.length ?? 0;
    assert.equal(rest, 98);
  }));

test('sendMessage keeps the tracing header of its request as AWSTraceHeader, unless the message says its own (sendMessageBatch too)', () =>
  withSqs(async ({ run, create }) => {
    const QueueUrl = await create('q');
    const traced = { head: { method: 'POST', path: '/', query: '', headers: { 'x-amzn-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=1:a87bd80c:0' } } };
    const own = { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-own' } } };
    const traceOf = async (): Promise<string | undefined> => {
      const { Messages = [] } = await run('ReceiveMessage', { QueueUrl, MessageSystemAttributeNames: ['AWSTraceHeader'] });
      return Messages[0]?.Attributes?.AWSTraceHeader;
    };
    const header = traced.head.headers['x-amzn-trace-id'];
    const { MD5OfMessageSystemAttributes } = await run('SendMessage', { QueueUrl, MessageBody: 'x' }, traced);
    assert.deepEqual([await traceOf(), MD5OfMessageSystemAttributes], [header, undefined]);
    await run('SendMessageBatch', { QueueUrl, Entries: [{ Id: 'a', MessageBody: 'x' }] }, traced);
    assert.equal(await traceOf(), header);
    await run('SendMessage', { QueueUrl, MessageBody: 'x', ...own }, traced);
    assert.equal(await traceOf(), 'Root=1-own');
    await run('SendMessage', { QueueUrl, MessageBody: 'x' });
    assert.equal(await traceOf(), undefined);
  }));
