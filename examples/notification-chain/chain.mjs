import { readFile } from 'node:fs/promises';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { CreatePipeCommand, DescribePipeCommand, PipesClient } from '@aws-sdk/client-pipes';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SetTopicAttributesCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';

// The clients find the server, the region and the keys in the environment, as on AWS.
const [events, iam, lambda, pipes, s3, sns, sqs] = [new EventBridgeClient({}), new IAMClient({}), new LambdaClient({}), new PipesClient({}), new S3Client({ forcePathStyle: true }), new SNSClient({}), new SQSClient({})];
const Version = '2012-10-17';
const policy = (Statement) => JSON.stringify({ Version, Statement });

async function createRole(RoleName, service) {
  const AssumeRolePolicyDocument = policy([{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }]);
  return (await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))).Role.Arn;
}

/** A topic that one service may publish to. */
async function createTopic(Name, service) {
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name }));
  const AttributeValue = policy([{ Effect: 'Allow', Principal: { Service: service }, Action: 'sns:Publish', Resource: TopicArn }]);
  await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }));
  return TopicArn;
}

// A bucket tells a topic, which tells a queue and a function.
const uploads = await createTopic('uploads', 's3.amazonaws.com');
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'uploads' }));
const { Attributes: { QueueArn } } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: policy([{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: QueueArn }]) } }));
await sns.send(new SubscribeCommand({ TopicArn: uploads, Protocol: 'sqs', Endpoint: QueueArn, Attributes: { RawMessageDelivery: 'true' } }));

const Role = await createRole('record-upload', 'lambda.amazonaws.com');
await iam.send(new AttachRolePolicyCommand({ RoleName: 'record-upload', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' }));
const FunctionName = 'record-upload';
const { FunctionArn } = await lambda.send(new CreateFunctionCommand({ FunctionName, Runtime: 'nodejs22.x', Handler: 'index.handler', Role, Code: { ZipFile: await readFile(process.argv[2]) } }));
await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { FunctionName });
await lambda.send(new AddPermissionCommand({ FunctionName, StatementId: 'uploads', Action: 'lambda:InvokeFunction', Principal: 'sns.amazonaws.com', SourceArn: uploads }));
await sns.send(new SubscribeCommand({ TopicArn: uploads, Protocol: 'lambda', Endpoint: FunctionArn }));

// A pipe takes what is in the queue to the bus, where a rule tells those who want to know: here by mail.
const busArn = QueueArn.replace(/:sqs:/, ':events:').replace(/:uploads$/, ':event-bus/default');
const RoleArn = await createRole('uploads-to-bus', 'pipes.amazonaws.com');
const PolicyDocument = policy([{ Effect: 'Allow', Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], Resource: QueueArn }, { Effect: 'Allow', Action: 'events:PutEvents', Resource: busArn }]);
await iam.send(new PutRolePolicyCommand({ RoleName: 'uploads-to-bus', PolicyName: 'own', PolicyDocument }));
await pipes.send(
  new CreatePipeCommand({
    Name: 'uploads',
    RoleArn,
    Source: QueueArn,
    // The bucket also sends a test message, which names no object.
    SourceParameters: { FilterCriteria: { Filters: [{ Pattern: JSON.stringify({ body: { Records: { eventName: [{ prefix: 'ObjectCreated:' }] } } }) }] } },
    Target: busArn,
    TargetParameters: { InputTemplate: '{"key": <$.body.Records[0].s3.object.key>, "bytes": <$.body.Records[0].s3.object.size>}', EventBridgeEventBusParameters: { Source: 'uploads', DetailType: 'New Picture' } },
  }),
);
let state;
while (state !== 'RUNNING') state = (await pipes.send(new DescribePipeCommand({ Name: 'uploads' }))).CurrentState;

const news = await createTopic('news', 'events.amazonaws.com');
await sns.send(new SubscribeCommand({ TopicArn: news, Protocol: 'sms', Endpoint: '+12025550123' }));
await events.send(new PutRuleCommand({ Name: 'large-pictures', EventPattern: JSON.stringify({ source: ['uploads'], detail: { key: [{ suffix: '.jpg' }], bytes: [{ numeric: ['>', 10] }] } }) }));
const InputTransformer = { InputPathsMap: { key: '$.detail.key', bytes: '$.detail.bytes' }, InputTemplate: '"A new picture: <key> (<bytes> bytes)"' };
await events.send(new PutTargetsCommand({ Rule: 'large-pictures', Targets: [{ Id: 'news', Arn: news, InputTransformer }] }));

await s3.send(new CreateBucketCommand({ Bucket: 'pictures' }));
await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'pictures', NotificationConfiguration: { TopicConfigurations: [{ TopicArn: uploads, Events: ['s3:ObjectCreated:*'] }] } }));
for (const [Key, Body] of [['notes.txt', 'twelve bytes'], ['small.jpg', 'x'], ['holiday.jpg', 'a large picture']]) await s3.send(new PutObjectCommand({ Bucket: 'pictures', Key, Body }));

// What a telephone would show is in the server's mailbox.
for (let mails = []; mails.length === 0; ) {
  ({ mails } = await (await fetch(`${process.env.AWS_ENDPOINT_URL}/_haneul/mailbox?to=${encodeURIComponent('+12025550123')}`)).json());
  for (const { body } of mails) console.log(body);
}
