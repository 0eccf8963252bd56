import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TestSns, withSns } from '../testSns.ts';

const endpoint = 'http://a.example/in';
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
const queue = 'arn:aws:sqs:us-east-1:000000000000:q';

/** Subscribes an endpoint that confirms. */
async function confirmed({ run, subscribe, settle, posts }: TestSns, TopicArn: string, attributes: Record<string, string> = {}, to = endpoint): Promise<string> {
  await subscribe(TopicArn, to, attributes, 'http');
  await settle();
  const { Token } = JSON.parse(posts.at(-1)?.body ?? '{}') as { Token: string };
  const { SubscriptionArn = '' } = await run('ConfirmSubscription', { TopicArn, Token });
  posts.length = 0;
  return SubscriptionArn;
}

test('deliver posts to an endpoint with the headers of the service', () =>
  withSns(async (sns) => {
    const TopicArn = await sns.createTopic('news');
    const plain = await confirmed(sns, TopicArn);
    const raw = await confirmed(sns, TopicArn, { RawMessageDelivery: 'true', DeliveryPolicy: '{"requestPolicy":{"headerContentType":"application/json"}}' }, `${endpoint}/raw`);
    const { MessageId } = await sns.run('Publish', { TopicArn, Message: '{}' });
    await sns.settle();
    const [first, second] = [...sns.posts].sort((a, b) => a.url.length - b.url.length);
    const common = { 'x-amz-sns-message-type': 'Notification', 'x-amz-sns-message-id': MessageId, 'x-amz-sns-topic-arn': TopicArn, 'User-Agent': 'Amazon Simple Notification Service Agent' };
    assert.deepEqual(first?.headers, { ...common, 'x-amz-sns-subscription-arn': plain, 'Content-Type': 'text/plain; charset=UTF-8' });
    assert.deepEqual([second?.headers, second?.body], [{ ...common, 'x-amz-sns-subscription-arn': raw, 'x-amz-sns-rawdelivery': 'true', 'Content-Type': 'application/json' }, '{}']);
  }));

test('deliver tries again in the four phases of a policy, then leaves the message to the dead-letter queue', () =>
  withSns(async (sns) => {
    const TopicArn = await sns.createTopic('news');
    const healthyRetryPolicy = { numRetries: 6, numNoDelayRetries: 1, numMinDelayRetries: 1, numMaxDelayRetries: 1, minDelayTarget: 2, maxDelayTarget: 10, backoffFunction: 'linear' };
    await confirmed(sns, TopicArn, { DeliveryPolicy: JSON.stringify({ healthyRetryPolicy }), RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queue }) });
    sns.answer = () => ({ kind: 'answered', status: 503 });
    await sns.run('Publish', { TopicArn, Message: 'x' });
    await sns.settle();
    // At once, after 2 s; then 2, 6 and 10 s; at last 10 s.
    await sns.advance(0);
    assert.equal(sns.posts.length, 2);
    for (const [seconds, posts] of [[1.9, 2], [0.2, 3], [2, 4], [5.9, 4], [0.1, 5], [10, 6], [10, 7]] as const) {
      await sns.advance(seconds * 1_000);
      assert.equal(sns.posts.length, posts, `after ${seconds} s more`);
    }
    assert.equal((JSON.parse(sns.queued[0]?.message.body ?? '{}') as Record<string, string>)['Message'], 'x');
    await sns.advance(3_600_000);
    assert.deepEqual([sns.posts.length, sns.queued.length], [7, 1]);
  }));

test('deliver takes 4xx for an end, but not 429, nor silence', () =>
  withSns(async (sns) => {
    const TopicArn = await sns.createTopic('news');
    await confirmed(sns, TopicArn, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queue }) });
    for (const [result, again] of [[404, false], [302, false], [429, true], ['silence', true]] as const) {
      sns.posts.length = 0;
      sns.answer = () => (result === 'silence' ? { kind: 'failed', reason: 'timed out' } : { kind: 'answered', status: result });
      await sns.run('Publish', { TopicArn, Message: 'x' });
      await sns.settle();
      sns.answer = () => ({ kind: 'answered', status: 204 });
      await sns.advance(20_000);
      assert.equal(sns.posts.length, again ? 2 : 1, String(result));
    }
    assert.equal(sns.queued.length, 2);
  }));

test('deliver invokes a function with the record of the service, where its policy lets the topic in', () =>
  withSns(async (sns) => {
    const TopicArn = await sns.createTopic('news', { SignatureVersion: '2' });
    const SubscriptionArn = await sns.subscribe(TopicArn, functionArn, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queue }) }, 'lambda');
    await sns.run('Publish', { TopicArn, Message: 'hello', MessageAttributes: { a: { DataType: 'String', StringValue: 'b' } } });
    await sns.settle();
    const [envelope] = sns.invoked;
    assert.deepEqual([envelope?.target, envelope?.sourceArn, envelope?.callingPrincipal], [functionArn, TopicArn, 'sns.amazonaws.com']);
    const { Records: [record] = [] } = JSON.parse(Buffer.from(envelope?.payload ?? []).toString()) as { Records: Record<string, unknown>[] };
    const { Signature, SigningCertUrl, Timestamp, MessageId, ...rest } = record?.['Sns'] as Record<string, unknown>;
    assert.deepEqual([record?.['EventSource'], record?.['EventVersion'], record?.['EventSubscriptionArn']], ['aws:sns', '1.0', SubscriptionArn]);
    assert.deepEqual(rest, { SignatureVersion: '2', Message: 'hello', MessageAttributes: { a: { Type: 'String', Value: 'b' } }, Type: 'Notification', UnsubscribeUrl: `http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn=${SubscriptionArn}`, TopicArn, Subject: null });
    assert.ok(Signature && SigningCertUrl && Timestamp && MessageId);
    for (const verdict of [{ kind: 'denied', remedy: '' }, { kind: 'no-such-function' }] as const) {
      sns.mayInvoke = verdict;
      await sns.run('Publish', { TopicArn, Message: verdict.kind });
      await sns.settle();
    }
    assert.equal(sns.invoked.length, 1);
    assert.deepEqual(sns.queued.map(({ message }) => (JSON.parse(message.body) as Record<string, string>)['Message']), ['denied', 'no-such-function']);
  }));

test('deliver lets in whom the topic\'s policy names, and roles that may', () =>
  withSns(async (sns) => {
    const TopicArn = await sns.createTopic('news');
    await sns.subscribe(TopicArn, queue, { RawMessageDelivery: 'true' });
    const source = 'arn:aws:events:us-east-1:000000000000:rule/r';
    await sns.emit(TopicArn, '1', 'events.amazonaws.com', source);
    await sns.emit(TopicArn, '2', 'arn:aws:iam::000000000000:role/bad', source);
    await sns.emit(TopicArn, '3', 'arn:aws:iam::000000000000:role/good', source);
    await sns.emit(TopicArn, '4', 'cloudwatch.amazonaws.com', 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:a');
    const Statement = [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sns:Publish', Resource: TopicArn, Condition: { ArnEquals: { 'aws:SourceArn': source } } }];
    await sns.run('SetTopicAttributes', { TopicArn, AttributeName: 'Policy', AttributeValue: JSON.stringify({ Version: '2012-10-17', Statement }) });
    await sns.emit(TopicArn, '5', 'events.amazonaws.com', source);
    await sns.emit(TopicArn, '6', 'events.amazonaws.com', `${source}x`);
    assert.deepEqual(sns.queued.map(({ message }) => message.body), ['3', '4', '5']);
  }));

test('deliver writes its status where the topic asks for it, as far as its role may', () =>
  withSns(async (sns) => {
    const roles = { SQSSuccessFeedbackRoleArn: 'arn:aws:iam::000000000000:role/good', SQSSuccessFeedbackSampleRate: '100', SQSFailureFeedbackRoleArn: 'arn:aws:iam::000000000000:role/good' };
    const TopicArn = await sns.createTopic('news', roles);
    await sns.subscribe(TopicArn, queue);
    await sns.run('Publish', { TopicArn, Message: 'x' });
    sns.closedQueues.add(queue);
    await sns.run('Publish', { TopicArn, Message: 'y' });
    await sns.settle();
    const seen = sns.logged.map(({ target, event }) => [target.logGroupName, (JSON.parse(event.message) as { status: string }).status]);
    assert.deepEqual(seen, [['sns/us-east-1/000000000000/news', 'SUCCESS'], ['sns/us-east-1/000000000000/news/Failure', 'FAILURE']]);
    await sns.run('SetTopicAttributes', { TopicArn, AttributeName: 'SQSFailureFeedbackRoleArn', AttributeValue: 'arn:aws:iam::000000000000:role/bad' });
    await sns.run('Publish', { TopicArn, Message: 'z' });
    await sns.settle();
    assert.equal(sns.logged.length, 2);
  }));
