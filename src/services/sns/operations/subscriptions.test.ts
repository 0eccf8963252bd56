import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSns } from '../testSns.ts';

const anonymous = { caller: { kind: 'anonymous', account: '', arn: '', userId: '' } as never };
const queue = 'arn:aws:sqs:us-east-1:000000000000:q';

test('Subscribe asks an HTTP endpoint, and ConfirmSubscription takes its token', () =>
  withSns(async ({ run, createTopic, subscribe, settle, posts }) => {
    const TopicArn = await createTopic('news');
    const SubscriptionArn = await subscribe(TopicArn, 'http://a.example/in', {}, 'http');
    await settle();
    assert.equal(posts.length, 1);
    assert.equal(posts[0]?.headers['x-amz-sns-message-type'], 'SubscriptionConfirmation');
    const question = JSON.parse(posts[0]?.body ?? '{}') as Record<string, string>;
    assert.deepEqual(Object.keys(question), ['Type', 'MessageId', 'Token', 'TopicArn', 'Message', 'SubscribeURL', 'Timestamp', 'SignatureVersion', 'Signature', 'SigningCertURL']);
    await run('Publish', { TopicArn, Message: 'too early' });
    await assert.rejects(run('ConfirmSubscription', { TopicArn, Token: question['Token']?.replace(/.$/, 'x') }), { message: 'Invalid parameter: Token' });
    assert.equal((await run('ConfirmSubscription', { TopicArn, Token: question['Token'], AuthenticateOnUnsubscribe: 'true' })).SubscriptionArn, SubscriptionArn);
    assert.equal((await run('ConfirmSubscription', { TopicArn, Token: question['Token'] })).SubscriptionArn, SubscriptionArn);
    await run('Publish', { TopicArn, Message: 'now' });
    await settle();
    assert.deepEqual(posts.slice(1).map(({ body }) => (JSON.parse(body) as Record<string, string>)['Message']), ['now']);
    await assert.rejects(run('Unsubscribe', { SubscriptionArn }, anonymous), { code: 'AuthorizationErrorException' });
    await run('Unsubscribe', { SubscriptionArn });
    await assert.rejects(run('GetSubscriptionAttributes', { SubscriptionArn }), { code: 'NotFoundException' });
  }));

test('Subscribe is forgotten when nobody confirms for two days', () =>
  withSns(async ({ run, createTopic, subscribe, advance }) => {
    const TopicArn = await createTopic('news');
    await subscribe(TopicArn, 'a@b.example', {}, 'email');
    assert.equal((await run('ListSubscriptionsByTopic', { TopicArn })).Subscriptions?.length, 1);
    await advance(2 * 86_400_000);
    assert.equal((await run('ListSubscriptionsByTopic', { TopicArn })).Subscriptions?.length, 0);
    assert.equal((await run('GetTopicAttributes', { TopicArn })).Attributes?.['SubscriptionsPending'], '0');
  }));

test('Unsubscribe by a link tells the endpoint, which may come back', () =>
  withSns(async ({ run, createTopic, subscribe, settle, posts }) => {
    const TopicArn = await createTopic('news');
    const SubscriptionArn = await subscribe(TopicArn, 'http://a.example/in', {}, 'http');
    await settle();
    const { Token } = JSON.parse(posts[0]?.body ?? '{}') as { Token: string };
    await run('ConfirmSubscription', { TopicArn, Token }, anonymous);
    await run('Unsubscribe', { SubscriptionArn }, anonymous);
    await settle();
    const told = JSON.parse(posts.at(-1)?.body ?? '{}') as Record<string, string>;
    assert.equal(told['Type'], 'UnsubscribeConfirmation');
    const again = await run('ConfirmSubscription', { TopicArn, Token: told['Token'] });
    assert.notEqual(again.SubscriptionArn, SubscriptionArn);
    assert.equal((await run('ListSubscriptions', {})).Subscriptions?.[0]?.SubscriptionArn, again.SubscriptionArn);
  }));

test('SetSubscriptionAttributes changes what GetSubscriptionAttributes tells', () =>
  withSns(async ({ run, createTopic, subscribe }) => {
    const TopicArn = await createTopic('news');
    const SubscriptionArn = await subscribe(TopicArn, queue);
    await run('SetSubscriptionAttributes', { SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'TRUE' });
    assert.equal((await run('GetSubscriptionAttributes', { SubscriptionArn })).Attributes?.['RawMessageDelivery'], 'true');
    await assert.rejects(run('SetSubscriptionAttributes', { SubscriptionArn: `${TopicArn}:x`, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' }), { code: 'NotFoundException' });
  }));

test('Subscribe ends at a hundred subscriptions of a FIFO topic, and at two hundred filter policies', () =>
  withSns(async ({ createTopic, subscribe }) => {
    const fifo = await createTopic('news.fifo', { FifoTopic: 'true' });
    for (let index = 0; index < 100; index += 1) await subscribe(fifo, `${queue}${index}`);
    await assert.rejects(subscribe(fifo, queue), { code: 'SubscriptionLimitExceededException' });
    const TopicArn = await createTopic('news');
    for (let index = 0; index < 200; index += 1) await subscribe(TopicArn, `${queue}${index}`, { FilterPolicy: '{"a":["b"]}' });
    await assert.rejects(subscribe(TopicArn, queue, { FilterPolicy: '{"a":["b"]}' }), { code: 'FilterPolicyLimitExceededException' });
    await subscribe(TopicArn, queue);
  }));
