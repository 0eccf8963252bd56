import { readFile } from 'node:fs/promises';
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';

// The clients find the server, the region and the keys in the environment, as on AWS.
const [iam, lambda, sns, sqs] = [new IAMClient({}), new LambdaClient({}), new SNSClient({}), new SQSClient({})];

const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'orders' }));

/** A queue that lets the topic in. */
async function createQueue(QueueName) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const Resource = Attributes.QueueArn;
  const Statement = [{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource, Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } } }];
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement }) } }));
  return { QueueUrl, QueueArn: Resource };
}

const subscribe = (Protocol, Endpoint, Attributes) => sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint, Attributes }));

const all = await createQueue('orders-all');
await subscribe('sqs', all.QueueArn, { RawMessageDelivery: 'true' });

const large = await createQueue('orders-large');
await subscribe('sqs', large.QueueArn, { RawMessageDelivery: 'true', FilterPolicyScope: 'MessageBody', FilterPolicy: JSON.stringify({ order: { total: [{ numeric: ['>=', 100] }] } }) });

const { Role } = await iam.send(
  new CreateRoleCommand({ RoleName: 'order-alert', AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] }) }),
);
await iam.send(new AttachRolePolicyCommand({ RoleName: 'order-alert', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' }));
const FunctionName = 'order-alert';
const ZipFile = await readFile(process.argv[2]);
const { FunctionArn } = await lambda.send(new CreateFunctionCommand({ FunctionName, Runtime: 'nodejs22.x', Handler: 'index.handler', Role: Role.Arn, Code: { ZipFile } }));
await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { FunctionName });
await lambda.send(new AddPermissionCommand({ FunctionName, StatementId: 'orders', Action: 'lambda:InvokeFunction', Principal: 'sns.amazonaws.com', SourceArn: TopicArn }));
await subscribe('lambda', FunctionArn, { FilterPolicy: JSON.stringify({ state: [{ prefix: 'fail' }] }) });

for (const [id, total, state] of [['a', 20, 'paid'], ['b', 250, 'paid'], ['c', 30, 'failed']]) {
  const MessageAttributes = { state: { DataType: 'String', StringValue: state } };
  await sns.send(new PublishCommand({ TopicArn, Subject: `Order ${id}`, Message: JSON.stringify({ order: { id, total } }), MessageAttributes }));
}

/** Everything that is in a queue now. */
async function drain({ QueueUrl }) {
  const ids = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return ids.sort();
    for (const { Body, ReceiptHandle } of Messages) {
      ids.push(JSON.parse(Body).order.id);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

console.log(`orders-all: ${(await drain(all)).join(' ')}`);
console.log(`orders-large: ${(await drain(large)).join(' ')}`);
