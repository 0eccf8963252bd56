// What stands beside a caller's own policies: sessions, boundaries, passed roles, resource policies for other accounts and for services.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { EventBridgeClient, PutEventsCommand, PutPermissionCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, PutRolePolicyCommand, PutUserPermissionsBoundaryCommand, CreatePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, CreateFunctionCommand, GetFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, GetObjectCommand, PutBucketNotificationConfigurationCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, ListTopicsCommand, PublishCommand, SetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ListQueuesCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { createFunction, uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients, sdkConfig, type SdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const otherAccount = '111122223333';
let stranger: SdkClients;
let strangersBus: EventBridgeClient;
let bus: EventBridgeClient;
const scene = useServer({}, async ({ server }) => {
  const credentials = { accessKeyId: otherAccount, secretAccessKey: 'x' };
  stranger = sdkClients(server.endpoint, credentials);
  strangersBus = new EventBridgeClient(sdkConfig(server.endpoint, credentials));
  bus = new EventBridgeClient(sdkConfig(server.endpoint));
});
after(() => {
  for (const client of [stranger, strangersBus, bus]) client.destroy();
});

const policy = (...statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const allow = (Action: string | readonly string[], Resource = '*'): object => ({ Effect: 'Allow', Action, Resource });
const letIn = (Action: string, Resource: string): string => policy({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${otherAccount}:root` }, Action, Resource });
const files = { 'index.mjs': 'export const handler = async () => 1;' };

suite('layers of one account', () => {
  test('the policy of a session narrows what its role may', async () => {
    const { server, aws: { iam, sts } } = scene();
    const RoleName = uniqueName('role');
    const trust = policy({ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'sts:AssumeRole' });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'both', PolicyDocument: policy(allow(['sns:ListTopics', 'sqs:ListQueues'])) }));
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'narrow', Policy: policy(allow(['sns:*', 'iam:*'])) }));
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken: sessionToken = '' } = Credentials ?? {};
    const session = sdkClients(server.endpoint, { accessKeyId, secretAccessKey, sessionToken });
    await session.sns.send(new ListTopicsCommand({}));
    await expectRefusal(session.sqs.send(new ListQueuesCommand({})), { name: /AccessDenied/, message: /because no session policy allows the sqs:listqueues action/ });
    session.destroy();
  });

  test('a permissions boundary bounds what a user may', async () => {
    const { aws: { iam } } = scene();
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: uniqueName('boundary'), PolicyDocument: policy(allow('sns:*')) }));
    await iam.send(new PutUserPermissionsBoundaryCommand({ UserName: user.arn.split('/').at(-1), PermissionsBoundary: Policy?.Arn }));
    await user.clients.sns.send(new ListTopicsCommand({}));
    await expectRefusal(user.clients.sqs.send(new ListQueuesCommand({})), { name: /AccessDenied/, message: /because no permissions boundary allows the sqs:listqueues action/ });
    user.clients.destroy();
  });

  test('iam:PassRole is asked for the role that a function gets, and for the service that gets it', async () => {
    const { roleArn } = scene();
    const create = { Effect: 'Allow', Action: 'lambda:*', Resource: '*' } as const;
    const pass = { Effect: 'Allow', Action: 'iam:PassRole', Resource: roleArn } as const;
    const make = (): CreateFunctionCommand => new CreateFunctionCommand({ FunctionName: uniqueName('f'), Role: roleArn, Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile: zipFiles(files) } });
    for (const [statements, isAllowed] of [
      [[create], false],
      [[create, { ...pass, Condition: { StringEquals: { 'iam:PassedToService': 'events.amazonaws.com' } } }], false],
      [[create, { ...pass, Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } } }], true],
    ] as const) {
      const user = await createLimitedUser(scene(), statements);
      if (isAllowed) await user.clients.lambda.send(make());
      else await expectRefusal(user.clients.lambda.send(make()), { name: 'AccessDeniedException', message: /is not authorized to perform: iam:PassRole on resource/ });
      user.clients.destroy();
    }
  });

  test('aws:SourceArn and aws:SourceAccount in the policy of a queue let one bucket tell it, and no other', async () => {
    const { aws: { s3, sqs } } = scene();
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: uniqueName('told') }));
    const QueueArn = `arn:aws:sqs:us-east-1:000000000000:${QueueUrl?.split('/').at(-1)}`;
    const [mine, other] = [uniqueName('mine'), uniqueName('other')];
    for (const Bucket of [mine, other]) await s3.send(new CreateBucketCommand({ Bucket }));
    const Condition = { ArnEquals: { 'aws:SourceArn': `arn:aws:s3:::${mine}` }, StringEquals: { 'aws:SourceAccount': '000000000000' } };
    const Policy = policy({ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: QueueArn, Condition });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    const tell = (Bucket: string) => s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { QueueConfigurations: [{ QueueArn, Events: ['s3:ObjectCreated:*'] }] } }));
    await tell(mine);
    await expectRefusal(tell(other), { name: 'InvalidArgument', message: /Unable to validate the following destination configurations/ });
  });
});

/** What another account does with a resource, and how the resource lets it in. */
interface Shared {
  readonly use: () => Promise<unknown>;
  readonly open: () => Promise<unknown>;
}

async function shareQueue(): Promise<Shared> {
  const { sqs } = scene().aws;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: uniqueName('shared') }));
  const Policy = letIn('sqs:SendMessage', `arn:aws:sqs:us-east-1:000000000000:${QueueUrl?.split('/').at(-1)}`);
  return {
    use: () => stranger.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })),
    open: () => sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } })),
  };
}

async function shareTopic(): Promise<Shared> {
  const { sns } = scene().aws;
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: uniqueName('shared') }));
  return {
    use: () => stranger.sns.send(new PublishCommand({ TopicArn, Message: 'x' })),
    open: () => sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue: letIn('sns:Publish', TopicArn) })),
  };
}

async function shareBucket(): Promise<Shared> {
  const { s3 } = scene().aws;
  const Bucket = uniqueName('shared');
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'x' }));
  return {
    use: async () => await (await stranger.s3.send(new GetObjectCommand({ Bucket, Key: 'key' }))).Body?.transformToString(),
    open: () => s3.send(new PutBucketPolicyCommand({ Bucket, Policy: letIn('s3:GetObject', `arn:aws:s3:::${Bucket}/*`) })),
  };
}

async function shareFunction(): Promise<Shared> {
  const { aws: { lambda }, roleArn } = scene();
  const FunctionName = await createFunction(lambda, { Role: roleArn, files });
  return {
    use: () => stranger.lambda.send(new GetFunctionCommand({ FunctionName: `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}` })),
    open: () => lambda.send(new AddPermissionCommand({ FunctionName, StatementId: 'shared', Action: 'lambda:GetFunction', Principal: otherAccount })),
  };
}

async function shareBus(): Promise<Shared> {
  const EventBusName = 'arn:aws:events:us-east-1:000000000000:event-bus/default';
  return {
    async use() {
      const { FailedEntryCount, Entries } = await strangersBus.send(new PutEventsCommand({ Entries: [{ EventBusName, Source: 'mine', DetailType: 'type', Detail: '{}' }] }));
      if (FailedEntryCount !== 0) throw Object.assign(new Error(Entries?.[0]?.ErrorMessage), { name: Entries?.[0]?.ErrorCode });
    },
    open: () => bus.send(new PutPermissionCommand({ EventBusName: 'default', StatementId: 'shared', Action: 'events:PutEvents', Principal: otherAccount })),
  };
}

// Of KMS and Secrets Manager, which ask for more: test/conformance/kms/keys.test.ts, test/conformance/secretsmanager/keys.test.ts.
suite('other accounts', () => {
  for (const [what, share] of Object.entries({ queue: shareQueue, topic: shareTopic, bucket: shareBucket, function: shareFunction, bus: shareBus })) {
    test(`a ${what} is closed to another account until its own policy lets it in`, async () => {
      const { use, open } = await share();
      await assert.rejects(use(), (error: Error) => /^(AccessDenied|AuthorizationError|NotAuthorized)/.test(error.name) || assert.fail(`${error.name}: ${error.message}`));
      await open();
      await use();
    });
  }
});
