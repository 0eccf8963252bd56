import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSns } from '../testSns.ts';

test('CreateTopic answers the ARN of its account and region, and the same one again', () =>
  withSns(async ({ run, createTopic }) => {
    assert.equal(await createTopic('news'), 'arn:aws:sns:us-east-1:000000000000:news');
    assert.equal(await createTopic('news'), 'arn:aws:sns:us-east-1:000000000000:news');
    await assert.rejects(createTopic('news', { DisplayName: 'x' }), { code: 'InvalidParameterException' });
    await assert.rejects(run('CreateTopic', {}), { message: 'Invalid parameter: Name Reason: no value for required parameter' });
    await assert.rejects(run('CreateTopic', { Name: 'x', DataProtectionPolicy: '{}' }), { code: 'InvalidParameterException' });
    assert.deepEqual((await run('ListTopics', {})).Topics, [{ TopicArn: 'arn:aws:sns:us-east-1:000000000000:news' }]);
  }));

test('SetTopicAttributes changes what GetTopicAttributes tells, until DeleteTopic', () =>
  withSns(async ({ run, createTopic }) => {
    const TopicArn = await createTopic('news');
    await run('SetTopicAttributes', { TopicArn, AttributeName: 'DisplayName', AttributeValue: 'News' });
    assert.equal((await run('GetTopicAttributes', { TopicArn })).Attributes?.['DisplayName'], 'News');
    await run('DeleteTopic', { TopicArn });
    await assert.rejects(run('GetTopicAttributes', { TopicArn }), { code: 'NotFoundException', message: 'Topic does not exist' });
  }));

test('GetDataProtectionPolicy has nothing to tell, and PutDataProtectionPolicy takes nothing', () =>
  withSns(async ({ run, createTopic }) => {
    const ResourceArn = await createTopic('news');
    assert.equal((await run('GetDataProtectionPolicy', { ResourceArn })).DataProtectionPolicy, '');
    await run('PutDataProtectionPolicy', { ResourceArn, DataProtectionPolicy: '' });
    await assert.rejects(run('PutDataProtectionPolicy', { ResourceArn, DataProtectionPolicy: '{}' }), { code: 'InvalidParameterException' });
  }));

test('SetTopicAttributes begins an archive with its policy, whose old messages time takes away', () =>
  withSns(async ({ run, createTopic, clock, advance, subscribe, queued }) => {
    const TopicArn = await createTopic('news.fifo', { FifoTopic: 'true', ContentBasedDeduplication: 'true' });
    await run('SetTopicAttributes', { TopicArn, AttributeName: 'ArchivePolicy', AttributeValue: '{"MessageRetentionPeriod":1}' });
    const beganMs = clock.now();
    await run('Publish', { TopicArn, Message: 'old', MessageGroupId: 'g' });
    await advance(86_400_000 + 3_600_000);
    await run('Publish', { TopicArn, Message: 'new', MessageGroupId: 'g' });
    const beginning = (await run('GetTopicAttributes', { TopicArn })).Attributes?.['BeginningArchiveTime'] ?? '';
    assert.equal(Date.parse(beginning), beganMs + 3_600_000);
    await subscribe(TopicArn, 'arn:aws:sqs:us-east-1:000000000000:q.fifo', { RawMessageDelivery: 'true', ReplayPolicy: JSON.stringify({ PointType: 'Timestamp', StartingPoint: beginning }) });
    await advance(0);
    assert.deepEqual(queued.map(({ message }) => message.body), ['new']);
    assert.deepEqual(queued[0]?.message.attributes?.['Replayed'], { type: 'String', value: 'true' });
  }));
