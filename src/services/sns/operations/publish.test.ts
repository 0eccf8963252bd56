import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSns } from '../testSns.ts';

const queue = 'arn:aws:sqs:us-east-1:000000000000:q';
const raw = { RawMessageDelivery: 'true' };

test('Publish puts a message into every queue that wants it, in one transaction', () =>
  withSns(async ({ run, createTopic, subscribe, queued }) => {
    const TopicArn = await createTopic('news');
    for (const name of ['1', '2', '3']) await subscribe(TopicArn, `${queue}${name}`, { ...raw, ...(name === '3' ? { FilterPolicy: '{"a":["b"]}' } : {}) });
    await run('Publish', { TopicArn, Message: 'hello', MessageGroupId: 'fair' });
    assert.deepEqual(queued.map(({ queueArn, message }) => [queueArn, message.body, message.groupId]).sort(), [[`${queue}1`, 'hello', 'fair'], [`${queue}2`, 'hello', 'fair']]);
  }));

test('Publish to a FIFO topic takes a duplicate once in five minutes, by topic or by group', () =>
  withSns(async ({ run, createTopic, subscribe, queued, settle, advance }) => {
    for (const scope of ['Topic', 'MessageGroup']) {
      const TopicArn = await createTopic(`news-${scope}.fifo`, { FifoTopic: 'true', FifoThroughputScope: scope });
      await subscribe(TopicArn, `${queue}-${scope}`, raw);
      const publish = (Message: string, MessageGroupId: string) => run('Publish', { TopicArn, Message, MessageGroupId, MessageDeduplicationId: 'd' });
      queued.length = 0;
      const first = await publish('1', 'a');
      assert.equal((await publish('2', 'a')).MessageId, first.MessageId);
      await publish('3', 'b');
      await settle();
      assert.deepEqual(queued.map(({ message }) => message.body).sort(), scope === 'Topic' ? ['1'] : ['1', '3']);
      await advance(300_000);
      await publish('4', 'a');
      await settle();
      assert.equal(queued.at(-1)?.message.body, '4');
    }
  }));

test('Publish to a FIFO topic keeps the order of a group while its queue refuses', () =>
  withSns(async ({ run, createTopic, subscribe, queued, closedQueues, settle }) => {
    const TopicArn = await createTopic('news.fifo', { FifoTopic: 'true', ContentBasedDeduplication: 'true' });
    const dead = `${queue}-dead.fifo`;
    await subscribe(TopicArn, `${queue}.fifo`, { ...raw, RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead }) });
    closedQueues.add(`${queue}.fifo`);
    for (const text of ['1', '2', '3']) await run('Publish', { TopicArn, Message: text, MessageGroupId: 'g' });
    for (let round = 0; round < 20 && queued.length < 3; round += 1) await settle();
    assert.deepEqual(queued.map(({ queueArn, message }) => [queueArn, message.body]), [[dead, '1'], [dead, '2'], [dead, '3']]);
  }));

test('PublishBatch answers its entries one by one', () =>
  withSns(async ({ run, createTopic, subscribe, queued }) => {
    const TopicArn = await createTopic('news');
    await subscribe(TopicArn, queue, raw);
    const told = await run('PublishBatch', { TopicArn, PublishBatchRequestEntries: [{ Id: 'a', Message: '1' }, { Id: 'b', Message: '' }, { Id: 'c', Message: '3' }] });
    assert.deepEqual([told.Successful?.map(({ Id }) => Id), told.Failed?.map(({ Id, Code }) => [Id, Code])], [['a', 'c'], [['b', 'InvalidParameter']]]);
    assert.deepEqual(queued.map(({ message }) => message.body), ['1', '3']);
    await assert.rejects(run('PublishBatch', { PublishBatchRequestEntries: [{ Id: 'a', Message: '1' }] }), { code: 'InvalidParameterException' });
  }));

test('Publish to a telephone number refuses senders and types that there are not', () =>
  withSns(async ({ run, mails }) => {
    const PhoneNumber = '+12025550123';
    const text = (name: string, StringValue: string) => ({ PhoneNumber, Message: 'x', MessageAttributes: { [`AWS.SNS.SMS.${name}`]: { DataType: 'String', StringValue } } });
    await assert.rejects(run('Publish', text('SenderID', '123')), { message: 'Invalid parameter: SenderID' });
    await assert.rejects(run('Publish', text('SMSType', 'Loud')), { message: 'Invalid parameter: SMSType' });
    await assert.rejects(run('Publish', { PhoneNumber, Message: 'x'.repeat(1_601) }), { message: 'Invalid parameter: Message too long' });
    await assert.rejects(run('Publish', { PhoneNumber, TopicArn: 'arn:aws:sns:us-east-1:000000000000:t', Message: 'x' }), { code: 'InvalidParameterException' });
    await run('Publish', text('SenderID', 'Shop1'));
    assert.equal(mails[0]?.from, 'Shop1');
  }));
