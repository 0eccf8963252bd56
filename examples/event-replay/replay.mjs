import {
  CreateArchiveCommand,
  CreateEventBusCommand,
  DescribeArchiveCommand,
  DescribeReplayCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';

// The clients find the server, the region and the keys in the environment, as on AWS.
const [events, sqs] = [new EventBridgeClient({}), new SQSClient({})];
const EventBusName = 'orders';
const { EventBusArn } = await events.send(new CreateEventBusCommand({ Name: EventBusName }));
await events.send(new CreateArchiveCommand({ ArchiveName: 'paid-orders', EventSourceArn: EventBusArn, EventPattern: JSON.stringify({ detail: { state: ['paid'] } }) }));

/** A queue that gets the events of a new rule. */
async function listen(name) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const Statement = [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: Attributes.QueueArn }];
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement }) } }));
  const { RuleArn } = await events.send(new PutRuleCommand({ Name: name, EventBusName, EventPattern: JSON.stringify({ source: ['shop'] }) }));
  await events.send(new PutTargetsCommand({ Rule: name, EventBusName, Targets: [{ Id: 'queue', Arn: Attributes.QueueArn }] }));
  return { QueueUrl, RuleArn };
}

/** The next events of a queue. */
async function hear({ QueueUrl }, count) {
  const heard = [];
  while (heard.length < count) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 }));
    for (const { Body, ReceiptHandle } of Messages) {
      const { detail, 'replay-name': replay } = JSON.parse(Body);
      heard.push(`${detail.id}${replay ? ' again' : ''}`);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
  return heard.sort().join(', ');
}

const first = await listen('first');
const begin = new Date(Date.now() - 60_000);
const put = ([id, state]) => ({ EventBusName, Source: 'shop', DetailType: 'Order', Detail: JSON.stringify({ id, state }) });
await events.send(new PutEventsCommand({ Entries: [['a', 'paid'], ['b', 'open'], ['c', 'paid']].map(put) }));
console.log(`as it happened: ${await hear(first, 3)}`);

// Somebody who comes later asks for what has been.
const late = await listen('late');
let archived = 0;
while (archived < 2) archived = (await events.send(new DescribeArchiveCommand({ ArchiveName: 'paid-orders' }))).EventCount ?? 0;
const EventSourceArn = (await events.send(new DescribeArchiveCommand({ ArchiveName: 'paid-orders' }))).ArchiveArn;
const Destination = { Arn: EventBusArn, FilterArns: [late.RuleArn] };
await events.send(new StartReplayCommand({ ReplayName: 'for-late', EventSourceArn, EventStartTime: begin, EventEndTime: new Date(Date.now() + 60_000), Destination }));
console.log(`replayed: ${await hear(late, 2)}`);
let state;
while (state !== 'COMPLETED') state = (await events.send(new DescribeReplayCommand({ ReplayName: 'for-late' }))).State;
console.log(`the replay is ${state}`);
