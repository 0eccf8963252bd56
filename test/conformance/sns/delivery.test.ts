// From a topic to queues, functions and the mailbox, through the JavaScript SDK.
// https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListSubscriptionsCommand,
  PublishBatchCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  UnsubscribeCommand,
  type SubscribeCommandInput,
} from '@aws-sdk/client-sns';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { uniqueName } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const account = '000000000000';
const invalid = (message: string | RegExp) => ({ name: 'InvalidParameterException', status: 400, message });

interface Queue {
  readonly url: string;
  readonly arn: string;
}

async function createTopic(attributes: Record<string, string> = {}): Promise<string> {
  const Name = `${uniqueName('t')}${attributes['FifoTopic'] ? '.fifo' : ''}`;
  return (await scene().aws.sns.send(new CreateTopicCommand({ Name, Attributes: attributes }))).TopicArn ?? '';
}

async function createQueue(topicArn: string | undefined, attributes: Record<string, string> = {}): Promise<Queue> {
  const QueueName = `${uniqueName('q')}${attributes['FifoQueue'] ? '.fifo' : ''}`;
  const arn = `arn:aws:sqs:us-east-1:${account}:${QueueName}`;
  const Attributes = { ...attributes, ...(topicArn === undefined ? {} : { Policy: policyFor(arn, topicArn) }) };
  const { QueueUrl: url = '' } = await scene().aws.sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return { url, arn };
}

const policyFor = (queueArn: string, topicArn: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queueArn, Condition: { ArnEquals: { 'aws:SourceArn': topicArn } } }] });

async function subscribe(input: Omit<SubscribeCommandInput, 'ReturnSubscriptionArn'>): Promise<string> {
  return (await scene().aws.sns.send(new SubscribeCommand({ ...input, ReturnSubscriptionArn: true }))).SubscriptionArn ?? '';
}

const subscribeQueue = (TopicArn: string, { arn }: Queue, Attributes: Record<string, string> = {}): Promise<string> => subscribe({ TopicArn, Protocol: 'sqs', Endpoint: arn, Attributes });

/** Waits for the next message of a queue. */
async function receive({ url }: Queue, wait = 10): Promise<Message | undefined> {
  const { Messages: [message] = [] } = await scene().aws.sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: wait, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] }));
  return message;
}

const bodyOf = (message: Message | undefined): Record<string, unknown> => JSON.parse(message?.Body ?? '{}') as Record<string, unknown>;

interface SeenMail {
  readonly kind: string;
  readonly to: string;
  readonly from: string;
  readonly subject?: string;
  readonly body: string;
  readonly details: Readonly<Record<string, string>>;
}

async function mailsTo(address: string): Promise<SeenMail[]> {
  const response = await fetch(`${scene().server.endpoint}/_haneul/mailbox?to=${encodeURIComponent(address)}`);
  return ((await response.json()) as { mails: SeenMail[] }).mails;
}

suite('queues', () => {
  test('get the JSON document of the service', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const queue = await createQueue(TopicArn);
    const subscriptionArn = await subscribeQueue(TopicArn, queue);
    assert.match(subscriptionArn, new RegExp(`^${TopicArn}:[0-9a-f-]{36}$`));
    const MessageAttributes = { n: { DataType: 'Number', StringValue: '7' }, b: { DataType: 'Binary', BinaryValue: Buffer.from('xy') } };
    const { MessageId } = await sns.send(new PublishCommand({ TopicArn, Message: 'hello "you"\n', Subject: 'Greeting', MessageAttributes }));
    const message = await receive(queue);
    const body = bodyOf(message);
    assert.match(message?.Body ?? '', /^\{\n {2}"Type" : "Notification",\n {2}"MessageId" : "/);
    assert.deepEqual(Object.keys(body), ['Type', 'MessageId', 'TopicArn', 'Subject', 'Message', 'Timestamp', 'SignatureVersion', 'Signature', 'SigningCertURL', 'UnsubscribeURL', 'MessageAttributes']);
    assert.deepEqual([body['Type'], body['MessageId'], body['TopicArn'], body['Subject'], body['Message'], body['SignatureVersion']], ['Notification', MessageId, TopicArn, 'Greeting', 'hello "you"\n', '1']);
    assert.deepEqual(body['MessageAttributes'], { n: { Type: 'Number', Value: '7' }, b: { Type: 'Binary', Value: Buffer.from('xy').toString('base64') } });
    assert.match(String(body['Timestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.match(String(body['SigningCertURL']), /^https:\/\/sns\.us-east-1\.amazonaws\.com\/SimpleNotificationService-[0-9a-f]{32}\.pem$/);
    assert.equal(body['UnsubscribeURL'], `${scene().server.endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`);
    assert.equal(message?.MessageAttributes, undefined);
    // The link is what a reader follows: nobody signs it.
    assert.equal((await fetch(String(body['UnsubscribeURL']))).status, 200);
    await expectRefusal(sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: subscriptionArn })), { name: 'NotFoundException', status: 404, message: 'Subscription does not exist' });
  });

  test('get the message itself with raw delivery, and its own text with a structure', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const [raw, plain] = [await createQueue(TopicArn), await createQueue(TopicArn)];
    await subscribeQueue(TopicArn, raw, { RawMessageDelivery: 'true' });
    await subscribeQueue(TopicArn, plain);
    const Message = JSON.stringify({ default: 'for all', sqs: 'for queues', lambda: 7 });
    await sns.send(new PublishCommand({ TopicArn, Message, MessageStructure: 'json', MessageAttributes: { a: { DataType: 'String.label', StringValue: 'x' } } }));
    const first = await receive(raw);
    assert.equal(first?.Body, 'for queues');
    assert.deepEqual([first?.MessageAttributes?.['a']?.DataType, first?.MessageAttributes?.['a']?.StringValue], ['String.label', 'x']);
    assert.equal(bodyOf(await receive(plain))['Message'], 'for queues');
  });

  test('are asked by their policy, and what they refuse goes to the dead-letter queue', async () => {
    const { sns, sqs } = scene().aws;
    const TopicArn = await createTopic();
    const [closed, dead] = [await createQueue(undefined), await createQueue(TopicArn)];
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn });
    await subscribeQueue(TopicArn, closed, { RedrivePolicy });
    await sns.send(new PublishCommand({ TopicArn, Message: 'refused' }));
    assert.equal(bodyOf(await receive(dead))['Message'], 'refused');
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: closed.url, Attributes: { Policy: policyFor(closed.arn, TopicArn) } }));
    await sns.send(new PublishCommand({ TopicArn, Message: 'let in' }));
    assert.equal(bodyOf(await receive(closed))['Message'], 'let in');
  });

  test('get a batch, of which what is wrong is told by entry', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const queue = await createQueue(TopicArn);
    await subscribeQueue(TopicArn, queue, { RawMessageDelivery: 'true' });
    const entry = (Id: string, Message = Id) => ({ Id, Message });
    const told = await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: [entry('a'), entry('empty', ''), { ...entry('b'), Subject: 'x\ny' }, entry('c')] }));
    assert.deepEqual(told.Successful?.map(({ Id }) => Id), ['a', 'c']);
    assert.deepEqual(told.Failed, [
      { Id: 'empty', Code: 'InvalidParameter', Message: 'Invalid parameter: Empty message', SenderFault: true },
      { Id: 'b', Code: 'InvalidParameter', Message: 'Invalid parameter: Subject', SenderFault: true },
    ]);
    assert.deepEqual([(await receive(queue))?.Body, (await receive(queue))?.Body].sort(), ['a', 'c']);
    const batch = (entries: readonly { Id: string; Message: string }[]) => sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: [...entries] }));
    await expectRefusal(batch([]), { name: 'EmptyBatchRequestException', status: 400 });
    await expectRefusal(batch(Array.from({ length: 11 }, (_, index) => entry(`e${index}`))), { name: 'TooManyEntriesInBatchRequestException', status: 400, message: 'The batch request contains more entries than permissible.' });
    await expectRefusal(batch([entry('a'), entry('a')]), { name: 'BatchEntryIdsNotDistinctException', status: 400, message: 'Two or more batch entries in the request have the same Id.' });
    await expectRefusal(batch([entry('a b')]), { name: 'InvalidBatchEntryIdException', status: 400 });
    await expectRefusal(batch([entry('a', 'x'.repeat(200_000)), entry('b', 'x'.repeat(100_000))]), { name: 'BatchRequestTooLongException', status: 400 });
  });

  test('of a topic with many subscribers all get the message', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const queue = await createQueue(TopicArn);
    for (let index = 0; index < 205; index += 1) await subscribe({ TopicArn, Protocol: 'sms', Endpoint: `+1202555${String(1_000 + index)}` });
    await subscribeQueue(TopicArn, queue);
    await sns.send(new PublishCommand({ TopicArn, Message: 'to everybody' }));
    assert.equal(bodyOf(await receive(queue))['Message'], 'to everybody');
    await until(async () => (await mailsTo('+12025551204')).length === 1 && (await mailsTo('+12025551000')).length === 1);
  });

  test('are written to under a key, which a publisher must be able to use', async () => {
    const { sns, kms } = scene().aws;
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.KeyId ?? '';
    const TopicArn = await createTopic({ KmsMasterKeyId: KeyId });
    const [closed, dead] = [await createQueue(undefined), await createQueue(TopicArn)];
    await subscribeQueue(TopicArn, closed, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) });
    await sns.send(new PublishCommand({ TopicArn, Message: 'sealed on its way' }));
    assert.equal(bodyOf(await receive(dead))['Message'], 'sealed on its way');
    await kms.send(new DisableKeyCommand({ KeyId }));
    await fetch(`${scene().server.endpoint}/_haneul/clock`, { method: 'POST', body: JSON.stringify({ advanceMs: 301_000 }) });
    await expectRefusal(sns.send(new PublishCommand({ TopicArn, Message: 'x' })), { name: 'KMSDisabledException', status: 400 });
    await kms.send(new EnableKeyCommand({ KeyId }));
  });
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail('it has not come to that');
}

suite('filter policies', () => {
  test('let through what their subscribers want', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const [cheap, body, rest] = [await createQueue(TopicArn), await createQueue(TopicArn), await createQueue(TopicArn)];
    const raw = { RawMessageDelivery: 'true' };
    await subscribeQueue(TopicArn, cheap, { ...raw, FilterPolicy: JSON.stringify({ kind: ['a', { prefix: 'b' }], price: [{ numeric: ['>', 0, '<=', 10] }] }) });
    await subscribeQueue(TopicArn, body, { ...raw, FilterPolicyScope: 'MessageBody', FilterPolicy: JSON.stringify({ order: { state: [{ 'anything-but': ['open'] }] } }) });
    await subscribeQueue(TopicArn, rest, { ...raw, FilterPolicy: JSON.stringify({ kind: [{ exists: false }] }) });
    const send = (Message: string, kind?: string, price?: string) =>
      sns.send(new PublishCommand({ TopicArn, Message, MessageAttributes: { ...(kind === undefined ? {} : { kind: { DataType: 'String', StringValue: kind } }), ...(price === undefined ? {} : { price: { DataType: 'Number', StringValue: price } }) } }));
    await send('1', 'a', '11');
    await send('2', 'bee', '10');
    await send('{"order":{"state":"open"}}', 'c');
    await send('{"order":{"state":"shut"}}', 'c');
    await send('5');
    assert.equal((await receive(cheap))?.Body, '2');
    assert.equal((await receive(body))?.Body, '{"order":{"state":"shut"}}');
    assert.equal((await receive(rest))?.Body, '5');
    assert.deepEqual([await receive(cheap, 0), await receive(body, 0), await receive(rest, 0)], [undefined, undefined, undefined]);
  });
});

suite('subscriptions', () => {
  test('are found, told and changed', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const queue = await createQueue(TopicArn);
    const SubscriptionArn = await subscribeQueue(TopicArn, queue);
    assert.equal(await subscribeQueue(TopicArn, queue), SubscriptionArn);
    await expectRefusal(subscribeQueue(TopicArn, queue, { RawMessageDelivery: 'true' }), invalid('Invalid parameter: Attributes Reason: Subscription already exists with different attributes'));
    const { Attributes: told = {} } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    assert.deepEqual(told, {
      SubscriptionArn, TopicArn, Protocol: 'sqs', Endpoint: queue.arn, Owner: account, SubscriptionPrincipal: `arn:aws:iam::${account}:root`, PendingConfirmation: 'false', ConfirmationWasAuthenticated: 'true', RawMessageDelivery: 'false',
    });
    const set = (AttributeName: string, AttributeValue: string) => sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }));
    await set('FilterPolicy', '{"a":["b"]}');
    assert.equal((await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))).Attributes?.['FilterPolicyScope'], 'MessageAttributes');
    await set('FilterPolicy', '{}');
    assert.equal((await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))).Attributes?.['FilterPolicy'], undefined);
    const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    assert.deepEqual(Subscriptions, [{ SubscriptionArn, Owner: account, Protocol: 'sqs', Endpoint: queue.arn, TopicArn }]);
    assert.ok(((await sns.send(new ListSubscriptionsCommand({}))).Subscriptions?.length ?? 0) > 0);
    assert.equal((await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes?.['SubscriptionsConfirmed'], '1');
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    assert.equal((await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes?.['SubscriptionsDeleted'], '1');
    await expectRefusal(sns.send(new UnsubscribeCommand({ SubscriptionArn: 'PendingConfirmation' })), invalid('Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1'));
  });

  test('refuse what they cannot do', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const fifo = await createTopic({ FifoTopic: 'true' });
    const sqs = `arn:aws:sqs:us-east-1:${account}:q`;
    const refused: readonly [Partial<SubscribeCommandInput>, string | RegExp][] = [
      [{ Protocol: 'pigeon', Endpoint: 'x' }, 'Invalid parameter: Amazon SNS does not support this protocol string: pigeon'],
      [{ Protocol: 'application', Endpoint: 'x' }, /mobile push/],
      [{ Protocol: 'firehose', Endpoint: 'x' }, /Amazon Data Firehose/],
      [{ Protocol: 'http', Endpoint: 'https://a.example/' }, 'Invalid parameter: Endpoint must match the specified protocol'],
      [{ Protocol: 'sms', Endpoint: 'NAA+15551234567' }, /Invalid SMS endpoint/],
      [{ Protocol: 'email', Endpoint: 'nobody' }, 'Invalid parameter: Email address'],
      [{ Protocol: 'sqs', Endpoint: 'q' }, 'Invalid parameter: SQS endpoint ARN'],
      [{ Protocol: 'sqs', Endpoint: `${sqs}.fifo` }, 'Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics'],
      [{ TopicArn: fifo, Protocol: 'lambda', Endpoint: `arn:aws:lambda:us-east-1:${account}:function:f` }, 'Invalid parameter: Invalid parameter: Endpoint Reason: Please use FIFO SQS queue'],
      [{ Attributes: { Colour: 'red' } }, 'Invalid parameter: Attributes Reason: Unknown attribute: Colour'],
      [{ Attributes: { RawMessageDelivery: 'yes' } }, 'Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [yes]. Must be true or false.'],
      [{ Protocol: 'email', Endpoint: 'a@b.example', Attributes: { RawMessageDelivery: 'true' } }, 'Invalid parameter: Attributes Reason: Delivery protocol [email] does not support raw message delivery.'],
      [{ Attributes: { FilterPolicyScope: 'Moon' } }, 'Invalid parameter: Attributes Reason: FilterPolicyScope: Invalid value [Moon]. Please use either MessageBody or MessageAttributes'],
      [{ Attributes: { FilterPolicy: '{' } }, 'Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON.'],
      [{ Attributes: { FilterPolicy: '{"a":"b"}' } }, 'Invalid parameter: Attributes Reason: FilterPolicy: "a" must be an object or an array'],
      [{ Attributes: { FilterPolicy: '{"a":{"b":["c"]}}' } }, 'Invalid parameter: Attributes Reason: FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy'],
      [{ Attributes: { FilterPolicy: '{"a":[{"like":"c"}]}' } }, 'Invalid parameter: Attributes Reason: FilterPolicy: Unrecognized match type like'],
      [{ Attributes: { FilterPolicy: '{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}' } }, 'Invalid parameter: Attributes Reason: FilterPolicy: Filter policy can not have more than 5 keys'],
      [{ Attributes: { FilterPolicy: JSON.stringify({ a: Array.from({ length: 151 }, (_, index) => index) }) } }, 'Invalid parameter: Attributes Reason: FilterPolicy: Filter policy is too complex'],
      [{ Attributes: { RedrivePolicy: '{' } }, 'Invalid parameter: Attributes Reason: RedrivePolicy: failed to parse JSON.'],
      [{ Attributes: { RedrivePolicy: '{"deadLetterTargetArn":"x"}' } }, 'Invalid parameter: Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn'],
      [{ Attributes: { SubscriptionRoleArn: 'arn:aws:iam::1:role/r' } }, /Firehose/],
      [{ Attributes: { ReplayPolicy: '{"PointType":"Timestamp","StartingPoint":"2026-01-01T00:00:00Z"}' } }, /only subscriptions of FIFO topics/],
      [{ Attributes: { DeliveryPolicy: '{}' } }, /does not support delivery policies/],
    ];
    for (const [input, message] of refused) await expectRefusal(subscribe({ TopicArn, Protocol: 'sqs', Endpoint: sqs, ...input }), invalid(message));
    await expectRefusal(subscribe({ TopicArn: `${TopicArn}x`, Protocol: 'sqs', Endpoint: sqs }), { name: 'NotFoundException', status: 404, message: 'Topic does not exist' });
    const SubscriptionArn = await subscribe({ TopicArn, Protocol: 'sqs', Endpoint: sqs });
    await expectRefusal(sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName: 'Colour', AttributeValue: 'red' })), invalid('Invalid parameter: AttributeName'));
    await expectRefusal(sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: '[]' })), invalid('Invalid parameter: FilterPolicy: Filter policy must be a JSON object'));
    await expectRefusal(sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: 'x' })), invalid('Invalid parameter: Token'));
  });
});

suite('publishing', () => {
  test('refuses what is no message', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const fifo = await createTopic({ FifoTopic: 'true' });
    const refused: readonly [ConstructorParameters<typeof PublishCommand>[0], string | RegExp][] = [
      [{ Message: 'x' }, 'Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter'],
      [{ TopicArn: 'x', Message: 'x' }, 'Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1'],
      [{ TargetArn: `arn:aws:sns:us-east-1:${account}:endpoint/GCM/a/b`, Message: 'x' }, 'Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified'],
      [{ TopicArn, Message: '' }, 'Invalid parameter: Empty message'],
      [{ TopicArn, Message: 'x', Subject: '' }, 'Invalid parameter: Subject'],
      [{ TopicArn, Message: 'x', Subject: 'x'.repeat(101) }, 'Invalid parameter: Subject'],
      [{ TopicArn, Message: 'x', Subject: 'a\nb' }, 'Invalid parameter: Subject'],
      [{ TopicArn, Message: 'x'.repeat(262_145) }, 'Invalid parameter: Message too long'],
      [{ TopicArn, Message: 'x', MessageStructure: 'xml' }, 'Invalid parameter: MessageStructure'],
      [{ TopicArn, Message: '{', MessageStructure: 'json' }, 'Invalid parameter: Message Structure - JSON message body failed to parse'],
      [{ TopicArn, Message: '{"sqs":"x"}', MessageStructure: 'json' }, 'Invalid parameter: Message Structure - No default entry in JSON message body'],
      [{ TopicArn, Message: 'x', MessageDeduplicationId: 'd' }, 'Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type'],
      [{ TopicArn: fifo, Message: 'x' }, 'Invalid parameter: The MessageGroupId parameter is required for FIFO topics'],
      [{ TopicArn: fifo, Message: 'x', MessageGroupId: 'g' }, 'Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly'],
      [{ TopicArn: fifo, Message: 'x', MessageGroupId: 'g'.repeat(129), MessageDeduplicationId: 'd' }, /^Invalid parameter: MessageGroupId Reason/],
      [{ PhoneNumber: '12', Message: 'x' }, 'Invalid parameter: PhoneNumber Reason: 12 is not valid to publish to'],
    ];
    for (const [input, message] of refused) await expectRefusal(sns.send(new PublishCommand(input)), invalid(message));
    const attribute = (DataType: string, StringValue: string) => ({ TopicArn, Message: 'x', MessageAttributes: { a: { DataType, StringValue } } });
    const value = (message: string) => ({ name: 'InvalidParameterValueException', status: 400, message });
    await expectRefusal(sns.send(new PublishCommand(attribute('Text', 'x'))), value("The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."));
    await expectRefusal(sns.send(new PublishCommand(attribute('Number', 'x'))), value("Could not cast message attribute 'a' value to number."));
    await expectRefusal(sns.send(new PublishCommand(attribute('String', ''))), value("The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'."));
    await expectRefusal(sns.send(new PublishCommand({ TopicArn: `${TopicArn}x`, Message: 'x' })), { name: 'NotFoundException', status: 404, message: 'Topic does not exist' });
    await sns.send(new PublishCommand({ TopicArn, Message: 'x'.repeat(262_144) }));
  });
});

suite('e-mail and text messages', () => {
  test('lie in the mailbox, with links that confirm', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic({ DisplayName: 'News' });
    const [address, json] = [`${uniqueName('a')}@example.com`, `${uniqueName('j')}@example.com`];
    assert.equal((await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: address }))).SubscriptionArn, 'pending confirmation');
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email-json', Endpoint: json }));
    assert.equal((await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions?.[0]?.SubscriptionArn, 'PendingConfirmation');
    for (const to of [address, json]) {
      const [question] = await mailsTo(to);
      assert.equal(question?.subject, 'AWS Notification - Subscription Confirmation');
      const answer = await fetch(question?.details['confirmationUrl'] ?? '');
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /<ConfirmSubscriptionResult><SubscriptionArn>arn:aws:sns:/);
    }
    await sns.send(new PublishCommand({ TopicArn, Message: 'text', Subject: 'Today' }));
    const [mail] = await mailsTo(address);
    assert.deepEqual([mail?.subject, mail?.from], ['Today', 'News <no-reply@sns.amazonaws.com>']);
    assert.match(mail?.body ?? '', /^text\n\n--\n[^]*Action=Unsubscribe/);
    assert.equal((JSON.parse((await mailsTo(json))[0]?.body ?? '{}') as Record<string, unknown>)['Message'], 'text');
    const link = /http\S+Action=Unsubscribe\S+/.exec(mail?.body ?? '')?.[0] ?? '';
    assert.equal((await fetch(link)).status, 200);
    assert.equal((await mailsTo(address))[0]?.subject, 'AWS Notification - Unsubscribe Confirmation');
    const gone = await fetch(`${scene().server.endpoint}/_haneul/mailbox?to=${address}`, { method: 'DELETE' });
    assert.deepEqual([await gone.json(), await mailsTo(address)], [{ deleted: 3 }, []]);
    assert.equal((await fetch(`${scene().server.endpoint}/_haneul/mailbox?colour=red`)).status, 400);
  });
});

suite('FIFO topics', () => {
  test('keep the order of their groups, and take duplicates once', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic({ FifoTopic: 'true', ContentBasedDeduplication: 'true' });
    const [ordered, standard] = [await createQueue(TopicArn, { FifoQueue: 'true' }), await createQueue(TopicArn)];
    await subscribeQueue(TopicArn, ordered);
    await subscribeQueue(TopicArn, standard, { RawMessageDelivery: 'true' });
    const publish = (Message: string, MessageGroupId = 'g') => sns.send(new PublishCommand({ TopicArn, Message, MessageGroupId }));
    const sent = [];
    for (const text of ['1', '2', '3']) sent.push(await publish(text));
    const again = await publish('2');
    assert.deepEqual([again.MessageId, again.SequenceNumber], [sent[1]?.MessageId, sent[1]?.SequenceNumber]);
    assert.match(sent[0]?.SequenceNumber ?? '', /^\d{20}$/);
    assert.ok((sent[0]?.SequenceNumber ?? '') < (sent[1]?.SequenceNumber ?? ''));
    const bodies: Record<string, unknown>[] = [];
    while (bodies.length < 3) {
      const message = await receive(ordered);
      assert.equal(message?.Attributes?.MessageGroupId, 'g');
      bodies.push(bodyOf(message));
      const { DeleteMessageCommand } = await import('@aws-sdk/client-sqs');
      await scene().aws.sqs.send(new DeleteMessageCommand({ QueueUrl: ordered.url, ReceiptHandle: message?.ReceiptHandle }));
    }
    assert.deepEqual(bodies.map((body) => body['Message']), ['1', '2', '3']);
    assert.deepEqual([bodies[0]?.['SequenceNumber'], bodies[0]?.['Signature']], [sent[0]?.SequenceNumber, undefined]);
    assert.equal(await receive(ordered, 0), undefined);
    assert.ok(await receive(standard));
  });

  test('archive messages, and replay them', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic({ FifoTopic: 'true', ContentBasedDeduplication: 'true', ArchivePolicy: '{"MessageRetentionPeriod":"7"}' });
    const beginning = (await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes?.['BeginningArchiveTime'] ?? '';
    assert.match(beginning, /^\d{4}-/);
    const big = 'x'.repeat(150_000);
    for (const Message of ['1', big, '3']) await sns.send(new PublishCommand({ TopicArn, Message, MessageGroupId: 'g' }));
    const queue = await createQueue(TopicArn, { FifoQueue: 'true' });
    const ReplayPolicy = JSON.stringify({ PointType: 'Timestamp', StartingPoint: beginning });
    const SubscriptionArn = await subscribeQueue(TopicArn, queue, { ReplayPolicy, FilterPolicyScope: 'MessageBody' });
    const bodies: Record<string, unknown>[] = [];
    while (bodies.length < 3) {
      const message = await receive(queue);
      assert.ok(message);
      bodies.push(bodyOf(message));
      const { DeleteMessageCommand } = await import('@aws-sdk/client-sqs');
      await scene().aws.sqs.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: message.ReceiptHandle }));
    }
    assert.deepEqual(bodies.map((body) => [body['Message'], body['Replayed']]), [['1', true], [big, true], ['3', true]]);
    await until(async () => (await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))).Attributes?.['ReplayStatus'] === 'Completed');
    const early = JSON.stringify({ PointType: 'Timestamp', StartingPoint: '2020-01-01T00:00:00Z' });
    await expectRefusal(sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName: 'ReplayPolicy', AttributeValue: early })), invalid(/StartingPoint must be between/));
    const { DeleteTopicCommand } = await import('@aws-sdk/client-sns');
    await expectRefusal(sns.send(new DeleteTopicCommand({ TopicArn })), { name: 'InvalidStateException', status: 400 });
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'ArchivePolicy', AttributeValue: '{}' }));
    await sns.send(new DeleteTopicCommand({ TopicArn }));
  });
});

suite('S3 notifications', () => {
  test('are published to topics that let S3 in', async () => {
    const { sns, s3 } = scene().aws;
    const Bucket = uniqueName('bucket');
    await s3.send(new CreateBucketCommand({ Bucket }));
    const TopicArn = await createTopic();
    const queue = await createQueue(TopicArn);
    await subscribeQueue(TopicArn, queue);
    const notify = () => s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { TopicConfigurations: [{ TopicArn, Events: ['s3:ObjectCreated:*'] }] } }));
    const refusal: unknown = await notify().catch((error: unknown) => error);
    assert.match(String(refusal), /Unable to validate the following destination configurations/);
    const Statement = [{ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sns:Publish', Resource: TopicArn, Condition: { ArnLike: { 'aws:SourceArn': `arn:aws:s3:::${Bucket}` }, StringEquals: { 'aws:SourceAccount': account } } }];
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue: JSON.stringify({ Version: '2012-10-17', Statement }) }));
    await notify();
    const body = bodyOf(await receive(queue));
    assert.equal(body['Subject'], 'Amazon S3 Notification');
    assert.equal((JSON.parse(String(body['Message'])) as Record<string, unknown>)['Event'], 's3:TestEvent');
  });
});
