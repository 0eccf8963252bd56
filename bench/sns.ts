// What a delivery costs from a topic to ten queues, durable on disk: as the service's signed document, raw, and ten messages at a time; beside
// a topic that nobody listens to. `npm run bench -- sns [--quick | --long]`.

import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sdkConfig } from '../test/support/sdkClients.ts';
import { extent } from './support/extent.ts';
import { formRequest } from './support/loadHttp.ts';
import { measureLoad, type LoadBench } from './support/measureLoad.ts';

const body = 'x'.repeat(1_000);
const queues = 10;
const account = '000000000000';
const version = { Version: '2010-03-31' };

interface Topics {
  readonly silent: string;
  readonly signed: string;
  readonly raw: string;
}

await measureLoad<Topics>({
  title: 'sns',
  connections: 32,
  yardstickBody: { body },
  setUp: async ({ server }) => {
    const [sns, sqs] = [new SNSClient(sdkConfig(server.endpoint)), new SQSClient(sdkConfig(server.endpoint))];
    const topicOf = async (Name: string): Promise<string> => (await sns.send(new CreateTopicCommand({ Name }))).TopicArn ?? '';
    const subscribeQueues = async (name: string, RawMessageDelivery: string): Promise<string> => {
      const TopicArn = await topicOf(name);
      for (let index = 0; index < queues; index += 1) {
        const QueueName = `${name}-${index}`;
        const Endpoint = `arn:aws:sqs:us-east-1:${account}:${QueueName}`;
        const Statement = [{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: Endpoint, Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } } }];
        await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement }) } }));
        await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes: { RawMessageDelivery } }));
      }
      return TopicArn;
    };
    const made = { silent: await topicOf('silent'), signed: await subscribeQueues('signed', 'false'), raw: await subscribeQueues('raw', 'true') };
    // The first makes the key that all are signed with.
    for (let index = 0; index < 100; index += 1) for (const TopicArn of [made.signed, made.raw]) await sns.send(new PublishCommand({ TopicArn, Message: body }));
    sns.destroy();
    sqs.destroy();
    return made;
  },
  async measure({ load }: LoadBench, topics) {
    const publish = (TopicArn: string): Buffer => formRequest('sns', { Action: 'Publish', ...version, TopicArn, Message: body });
    await load('publish to nobody', publish(topics.silent));
    await load(`publish to ${queues} queues, signed`, publish(topics.signed), { requests: extent.requests / 10 });
    await load(`publish to ${queues} queues, raw`, publish(topics.raw), { requests: extent.requests / 10 });
    const entries = Array.from({ length: 10 }, (_, at): [string, string][] => [
      [`PublishBatchRequestEntries.member.${at + 1}.Id`, `${at}`],
      [`PublishBatchRequestEntries.member.${at + 1}.Message`, body],
    ]).flat();
    await load(`publish 10 to ${queues} queues, raw`, formRequest('sns', { Action: 'PublishBatch', ...version, TopicArn: topics.raw, ...Object.fromEntries(entries) }), { requests: extent.requests / 100 });
  },
  thingsPerRequest: (name) => (name.startsWith('publish 10') ? 10 * queues : name.includes('queues') ? queues : 1),
  notes: () => [`bodies of ${body.length} bytes; things are deliveries: the target is 2,000 a second to ten queues`],
});
