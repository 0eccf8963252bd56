// Buses, rules, targets and PutEvents through the JavaScript SDK.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListEventBusesCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutPermissionCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemovePermissionCommand,
  RemoveTargetsCommand,
  TagResourceCommand,
  type Target,
  TestEventPatternCommand,
  UntagResourceCommand,
  UpdateEventBusCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateTopicCommand, SetTopicAttributesCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, type Message } from '@aws-sdk/client-sqs';
import { uniqueName } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const account = '000000000000';
let made: EventBridgeClient | undefined;
const events = (): EventBridgeClient => (made ??= new EventBridgeClient(sdkConfig(scene().server.endpoint)));
after(() => made?.destroy());

/** A queue that EventBridge may send to. */
async function createQueue(attributes: Record<string, string> = {}): Promise<{ readonly arn: string; receive(): Promise<Message> }> {
  const { sqs } = scene().aws;
  const name = `${uniqueName('queue')}${attributes['FifoQueue'] ? '.fifo' : ''}`;
  const arn = `arn:aws:sqs:us-east-1:${account}:${name}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: arn }] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return {
    arn,
    async receive() {
      const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'], VisibilityTimeout: 43_200 }));
      assert.ok(message, 'no message has come');
      return message;
    },
  };
}

async function createRule(source: string, targets: readonly Target[], EventBusName = 'default'): Promise<string> {
  const Name = uniqueName('rule');
  await events().send(new PutRuleCommand({ Name, EventBusName, EventPattern: JSON.stringify({ source: [source] }) }));
  if (targets.length > 0) assert.equal((await events().send(new PutTargetsCommand({ Rule: Name, EventBusName, Targets: [...targets] }))).FailedEntryCount, 0);
  return Name;
}

const put = async (Source: string, detail: object = {}, more: object = {}) =>
  events().send(new PutEventsCommand({ Entries: [{ Source, DetailType: 'Thing Happened', Detail: JSON.stringify(detail), ...more }] }));

suite('event buses', () => {
  test('are made once, described, changed, listed and deleted', async () => {
    const Name = uniqueName('bus');
    const { EventBusArn = '' } = await events().send(new CreateEventBusCommand({ Name, Description: 'first', Tags: [{ Key: 'a', Value: '1' }] }));
    assert.equal(EventBusArn, `arn:aws:events:us-east-1:${account}:event-bus/${Name}`);
    await expectRefusal(events().send(new CreateEventBusCommand({ Name })), { name: 'ResourceAlreadyExistsException', status: 400, message: `Event bus ${Name} already exists.` });
    await events().send(new UpdateEventBusCommand({ Name, Description: 'second' }));
    const described = await events().send(new DescribeEventBusCommand({ Name: EventBusArn }));
    assert.deepEqual([described.Name, described.Arn, described.Description], [Name, EventBusArn, 'second']);
    assert.deepEqual((await events().send(new ListEventBusesCommand({ NamePrefix: Name }))).EventBuses?.map((bus) => bus.Name), [Name]);
    assert.equal((await events().send(new DescribeEventBusCommand({}))).Name, 'default');
    await events().send(new TagResourceCommand({ ResourceARN: EventBusArn, Tags: [{ Key: 'b', Value: '2' }] }));
    await events().send(new UntagResourceCommand({ ResourceARN: EventBusArn, TagKeys: ['a'] }));
    assert.deepEqual((await events().send(new ListTagsForResourceCommand({ ResourceARN: EventBusArn }))).Tags, [{ Key: 'b', Value: '2' }]);
    await events().send(new DeleteEventBusCommand({ Name }));
    await expectRefusal(events().send(new DescribeEventBusCommand({ Name })), { name: 'ResourceNotFoundException', status: 400, message: `Event bus ${Name} does not exist.` });
    await expectRefusal(events().send(new DeleteEventBusCommand({ Name: 'default' })), { name: 'ValidationException', status: 400, message: 'Cannot delete event bus default.' });
    await expectRefusal(events().send(new CreateEventBusCommand({ Name: 'x', EventSourceName: 'aws.partner/a/b' })), { name: 'ValidationException', status: 400 });
    await expectRefusal(events().send(new CreateEventBusCommand({ Name: 'x', KmsKeyIdentifier: 'alias/mine' })), { name: 'ValidationException', status: 400 });
  });
  test('let other accounts in by a policy', async () => {
    const Name = uniqueName('bus');
    await events().send(new CreateEventBusCommand({ Name }));
    const foreign = new EventBridgeClient(sdkConfig(scene().server.endpoint, { accessKeyId: '111122223333', secretAccessKey: 'x' }));
    const Entries = [{ Source: 'app', DetailType: 't', Detail: '{}', EventBusName: `arn:aws:events:us-east-1:${account}:event-bus/${Name}` }];
    await expectRefusal(foreign.send(new PutEventsCommand({ Entries })), { name: 'AccessDeniedException', status: 400 });
    await events().send(new PutPermissionCommand({ EventBusName: Name, Action: 'events:PutEvents', Principal: '111122223333', StatementId: 'friend' }));
    assert.equal((await foreign.send(new PutEventsCommand({ Entries }))).FailedEntryCount, 0);
    const policy = JSON.parse((await events().send(new DescribeEventBusCommand({ Name }))).Policy ?? '{}') as { Statement: { Principal: unknown }[] };
    assert.deepEqual(policy.Statement[0]?.Principal, { AWS: 'arn:aws:iam::111122223333:root' });
    await events().send(new RemovePermissionCommand({ EventBusName: Name, StatementId: 'friend' }));
    await expectRefusal(events().send(new RemovePermissionCommand({ EventBusName: Name, StatementId: 'friend' })), { name: 'ResourceNotFoundException', status: 400, message: 'EventBus does not have a policy.' });
    foreign.destroy();
  });
});

suite('rules', () => {
  test('are put, described, listed, switched and deleted', async () => {
    const prefix = uniqueName('list');
    for (const at of [1, 2, 3]) await events().send(new PutRuleCommand({ Name: `${prefix}-${at}`, EventPattern: '{"source":["x"]}' }));
    const first = await events().send(new ListRulesCommand({ NamePrefix: prefix, Limit: 2 }));
    const second = await events().send(new ListRulesCommand({ NamePrefix: prefix, Limit: 2, NextToken: first.NextToken }));
    assert.deepEqual([...(first.Rules ?? []), ...(second.Rules ?? [])].map(({ Name }) => Name), [1, 2, 3].map((at) => `${prefix}-${at}`));
    assert.equal(second.NextToken, undefined);
    const Name = `${prefix}-1`;
    await events().send(new DisableRuleCommand({ Name }));
    assert.equal((await events().send(new DescribeRuleCommand({ Name }))).State, 'DISABLED');
    await events().send(new EnableRuleCommand({ Name }));
    const rule = await events().send(new DescribeRuleCommand({ Name }));
    assert.deepEqual([rule.State, rule.Arn, rule.EventBusName, rule.CreatedBy], ['ENABLED', `arn:aws:events:us-east-1:${account}:rule/${Name}`, 'default', account]);
    const { arn } = await createQueue();
    await events().send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'q', Arn: arn }] }));
    await expectRefusal(events().send(new DeleteRuleCommand({ Name })), { name: 'ValidationException', status: 400, message: "Rule can't be deleted since it has targets." });
    assert.deepEqual((await events().send(new ListRuleNamesByTargetCommand({ TargetArn: arn }))).RuleNames, [Name]);
    assert.deepEqual((await events().send(new ListTargetsByRuleCommand({ Rule: Name }))).Targets, [{ Id: 'q', Arn: arn }]);
    const removed = await events().send(new RemoveTargetsCommand({ Rule: Name, Ids: ['q', 'other'] }));
    assert.deepEqual(removed.FailedEntries?.map(({ TargetId, ErrorCode }) => [TargetId, ErrorCode]), [['other', 'ResourceNotFoundException']]);
    await events().send(new DeleteRuleCommand({ Name }));
    await expectRefusal(events().send(new DescribeRuleCommand({ Name })), { name: 'ResourceNotFoundException', status: 400, message: `Rule ${Name} does not exist.` });
    await expectRefusal(events().send(new ListTargetsByRuleCommand({ Rule: Name })), { name: 'ResourceNotFoundException', status: 400, message: `Rule ${Name} does not exist on EventBus default.` });
  });
  test('refuse patterns and schedules that are none, in the words of the service', async () => {
    const refuse = async (input: { EventPattern?: string; ScheduleExpression?: string; EventBusName?: string }, name: string, message: string): Promise<void> => {
      await expectRefusal(events().send(new PutRuleCommand({ Name: 'bad', ...input })), { name, status: 400, message });
    };
    await refuse({}, 'ValidationException', 'Parameter(s) EventPattern or ScheduleExpression must be specified.');
    await refuse({ ScheduleExpression: 'rate(1 minutes)' }, 'ValidationException', 'Parameter ScheduleExpression is not valid.');
    await refuse({ ScheduleExpression: 'cron(0 9 * * * *)' }, 'ValidationException', 'Parameter ScheduleExpression is not valid.');
    const Name = uniqueName('bus');
    await events().send(new CreateEventBusCommand({ Name }));
    await refuse({ ScheduleExpression: 'rate(1 minute)', EventBusName: Name }, 'ValidationException', 'ScheduleExpression is supported only on the default event bus.');
    // Quoted in a public report of a failed deployment.
    const pattern = '{"source":["test.event-pattern"],"detail":{"lenderId":"LenderA"}}';
    const reason = `"lenderId" must be an object or an array\n at [Source: (String)"${pattern}"; line: 1, column: 56]`;
    await refuse({ EventPattern: pattern }, 'InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
    await refuse({ EventPattern: '[]' }, 'InvalidEventPatternException', 'Event pattern is not valid. Reason: Filter is not an object\n at [Source: (String)"[]"; line: 1, column: 2]');
    await refuse({ EventPattern: JSON.stringify({ source: ['x'.repeat(2_040)] }) }, 'ValidationException', 'Parameter EventPattern for rule bad exceeds limit of 2048.');
  });
  test('say whether a pattern fits an event', async () => {
    const event = { id: '1', account, source: 'shop', time: '2026-01-01T00:00:00Z', region: 'us-east-1', resources: [], 'detail-type': 'Order', detail: { price: 7 } };
    const fits = async (pattern: object) => (await events().send(new TestEventPatternCommand({ EventPattern: JSON.stringify(pattern), Event: JSON.stringify(event) }))).Result;
    assert.equal(await fits({ source: ['shop'], detail: { price: [{ numeric: ['>', 5, '<=', 7] }] } }), true);
    assert.equal(await fits({ source: [{ 'anything-but': { prefix: 'sh' } }] }), false);
    assert.equal(await fits({ $or: [{ source: ['other'] }, { 'detail-type': [{ wildcard: 'Or*r' }] }] }), true);
    await expectRefusal(events().send(new TestEventPatternCommand({ EventPattern: '{"source":["x"]}', Event: '{}' })), { name: 'ValidationException', status: 400 });
    await expectRefusal(events().send(new TestEventPatternCommand({ EventPattern: '{"source":"x"}', Event: '{}' })), { name: 'InvalidEventPatternException', status: 400 });
  });
});

suite('targets', () => {
  test('are checked before they are taken', async () => {
    const rule = await createRule(uniqueName('source'), []);
    const { arn } = await createQueue();
    const refuse = async (target: Partial<Target>, message: string): Promise<void> => {
      await expectRefusal(events().send(new PutTargetsCommand({ Rule: rule, Targets: [{ Id: 't', Arn: arn, ...target }] })), { name: 'ValidationException', status: 400, message });
    };
    await refuse({ Arn: 'nonsense' }, 'Parameter nonsense is not valid. Reason: Provided Arn is not in correct format.');
    await refuse({ Arn: `${arn}.fifo` }, 'Parameter(s) SqsParameters must be specified for target: t.');
    await refuse({ Input: '{}', InputPath: '$' }, 'Only one of Input, InputPath, or InputTransformer must be provided for target t.');
    await refuse({ Input: 'word' }, 'JSON syntax error in input for target t.');
    await refuse({ InputPath: "$.detail['a']" }, 'InputPath for target t is invalid.');
    await refuse({ InputTransformer: { InputTemplate: '"<nothing>"' } }, 'InputTemplate for target t contains invalid placeholder nothing.');
    await refuse({ InputTransformer: { InputTemplate: '"<aws.events.event.json>"' } }, 'InputTemplate for target t contains placeholder aws.events.event.json valid only for JSON template.');
    await refuse({ DeadLetterConfig: { Arn: `${arn}.fifo` } }, 'SQS FIFO is not supported by Dead Letter Queues');
    await refuse({ DeadLetterConfig: { Arn: `arn:aws:sns:us-east-1:${account}:topic` } }, 'sns is not supported as a dead letter resource');
    await refuse({ Arn: `arn:aws:states:us-east-1:${account}:stateMachine:x` }, `RoleArn is required for target arn:aws:states:us-east-1:${account}:stateMachine:x.`);
    for (const own of ['arn:aws:s3:::bucket', `arn:aws:sns:us-east-1:${account}:topic:id:dead-letter`]) {
      const service = own.split(':')[2];
      await refuse({ Arn: own, RoleArn: `arn:aws:iam::${account}:role/any` }, `Parameter ${own} is not valid. Reason: Haneul does not deliver events to ${service} targets of this kind.`);
    }
    await refuse({ KinesisParameters: { PartitionKeyPath: '$.id' } }, 'Parameter(s) KinesisParameters not supported for target: t.');
    await expectRefusal(events().send(new PutTargetsCommand({ Rule: rule, Targets: [1, 2, 3, 4, 5, 6].map((at) => ({ Id: `t${at}`, Arn: arn })) })), {
      name: 'LimitExceededException',
      status: 400,
      message: 'The requested resource exceeds the maximum number allowed.',
    });
  });
  test('get what they want of an event', async () => {
    const source = uniqueName('source');
    const [whole, part, made, fixed] = await Promise.all([createQueue(), createQueue(), createQueue(), createQueue()]);
    const InputTransformer = { InputPathsMap: { name: '$.detail.name', list: '$.detail.list' }, InputTemplate: '{"who": <name>, "text": "it is <name>", "list": <list>, "none": "<list>", "rule": <aws.events.rule-name>}' };
    const rule = await createRule(source, [
      { Id: 'whole', Arn: whole.arn },
      { Id: 'part', Arn: part.arn, InputPath: '$.detail.list[1]' },
      { Id: 'made', Arn: made.arn, InputTransformer },
      { Id: 'fixed', Arn: fixed.arn, Input: '"always"' },
    ]);
    const { Entries: [entry] = [] } = await put(source, { name: 'Kim "K"', list: [1, { a: 2 }] }, { Time: new Date('2026-03-01T10:00:00Z'), Resources: ['arn:x'] });
    assert.deepEqual(JSON.parse((await whole.receive()).Body ?? ''), {
      ...{ version: '0', id: entry?.EventId, 'detail-type': 'Thing Happened', source, account, time: '2026-03-01T10:00:00Z', region: 'us-east-1' },
      ...{ resources: ['arn:x'], detail: { name: 'Kim "K"', list: [1, { a: 2 }] } },
    });
    assert.equal((await part.receive()).Body, '{"a":2}');
    assert.deepEqual(JSON.parse((await made.receive()).Body ?? ''), { who: 'Kim "K"', text: 'it is Kim "K"', list: [1, { a: 2 }], none: '[1,{"a":2}]', rule });
    assert.equal((await fixed.receive()).Body, '"always"');
  });
  test('of topics publish to them', async () => {
    const sns = new SNSClient(sdkConfig(scene().server.endpoint));
    const source = uniqueName('source');
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: uniqueName('topic') }));
    const allow = (service: string, Action: string, Resource: string): string =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: `${service}.amazonaws.com` }, Action, Resource }] });
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue: allow('events', 'sns:Publish', TopicArn) }));
    const queue = await createQueue();
    const QueueUrl = `${scene().server.endpoint}/${account}/${queue.arn.split(':').at(-1)}`;
    await scene().aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: allow('sns', 'sqs:SendMessage', queue.arn) } }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queue.arn, Attributes: { RawMessageDelivery: 'true' } }));
    await createRule(source, [{ Id: 'topic', Arn: TopicArn, InputPath: '$.detail' }]);
    await put(source, { over: 'sns' });
    assert.equal((await queue.receive()).Body, '{"over":"sns"}');
    sns.destroy();
  });
  test('of FIFO queues get a group, and those that cannot be reached tell a dead-letter queue', async () => {
    const source = uniqueName('source');
    const [fifo, dead] = await Promise.all([createQueue({ FifoQueue: 'true', ContentBasedDeduplication: 'true' }), createQueue()]);
    const gone = `arn:aws:sqs:us-east-1:${account}:${uniqueName('gone')}`;
    const rule = await createRule(source, [
      { Id: 'fifo', Arn: fifo.arn, SqsParameters: { MessageGroupId: 'g' } },
      { Id: 'gone', Arn: gone, DeadLetterConfig: { Arn: dead.arn } },
    ]);
    await put(source, { n: 1 });
    assert.equal((await fifo.receive()).Attributes?.MessageGroupId, 'g');
    const letter = await dead.receive();
    assert.deepEqual((JSON.parse(letter.Body ?? '{}') as { detail: unknown }).detail, { n: 1 });
    const attributes = Object.fromEntries(Object.entries(letter.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]));
    assert.deepEqual(
      [attributes['RULE_ARN'], attributes['TARGET_ARN'], attributes['ERROR_CODE'], attributes['RETRY_ATTEMPTS'], attributes['EXHAUSTED_RETRY_CONDITION']],
      [`arn:aws:events:us-east-1:${account}:rule/${rule}`, gone, 'NO_RESOURCE', '0', undefined],
    );
  });
});

suite('PutEvents', () => {
  test('takes the good entries and says what is wrong with the others', async () => {
    const Entries = [
      { Source: 'app', DetailType: 't', Detail: '{}' },
      { Source: 'app', DetailType: 't', Detail: '[]' },
      { Source: 'app', DetailType: 't' },
      { DetailType: 't', Detail: '{}' },
      { Source: 'aws.s3', DetailType: 't', Detail: '{}' },
      { Source: 'app', DetailType: 't', Detail: `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}` },
      { Source: 'app', DetailType: 't', Detail: '{}', EventBusName: 'not-there' },
    ];
    const { FailedEntryCount, Entries: answers = [] } = await events().send(new PutEventsCommand({ Entries }));
    assert.equal(FailedEntryCount, 5);
    assert.deepEqual(
      answers.map(({ EventId, ErrorCode, ErrorMessage }) => (EventId === undefined ? `${ErrorCode}: ${ErrorMessage}` : 'taken')),
      [
        'taken',
        'MalformedDetail: Detail is malformed.',
        'InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.',
        'InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.',
        'NotAuthorizedForSourceException: Not authorized for the source.',
        'MalformedDetail: Detail is malformed.',
        'taken',
      ],
    );
  });
  test('takes 1 MB and no byte more, and ten entries at most', async () => {
    const source = uniqueName('source');
    const queue = await createQueue();
    await createRule(source, [{ Id: 'q', Arn: queue.arn, InputPath: '$.detail.n' }]);
    const room = 1_048_576 - source.length - 'Thing Happened'.length - '{"n":1,"x":""}'.length;
    await put(source, { n: 1, x: 'x'.repeat(room) });
    assert.equal((await queue.receive()).Body, '1');
    await expectRefusal(put(source, { n: 2, x: 'x'.repeat(room + 1) }), { name: 'ValidationException', status: 400, message: 'Total size of the entries in the request is over the limit.' });
    const entry = { Source: source, DetailType: 't', Detail: '{}' };
    await expectRefusal(events().send(new PutEventsCommand({ Entries: Array.from({ length: 11 }, () => entry) })), { name: 'ValidationException', status: 400 });
  });
  test('goes from bus to bus in a role, and no further than a third account', async () => {
    const source = uniqueName('source');
    const EventBusName = uniqueName('bus');
    const { EventBusArn = '' } = await events().send(new CreateEventBusCommand({ Name: EventBusName }));
    const queue = await createQueue();
    await createRule(source, [{ Id: 'q', Arn: queue.arn }], EventBusName);
    await createRule(source, [{ Id: 'bus', Arn: EventBusArn, RoleArn: `arn:aws:iam::${account}:role/${uniqueName('none')}` }]);
    await put(source, { over: 'there' });
    assert.deepEqual((JSON.parse((await queue.receive()).Body ?? '{}') as { detail: unknown }).detail, { over: 'there' });
  });
});
