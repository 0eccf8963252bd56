// Condition keys over the wire: each rule lets one request pass and stops another that differs only in what the key tells.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and, for keys of services, the Service
// Authorization Reference, https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { AttachUserPolicyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { CreateAliasCommand, CreateGrantCommand, CreateKeyCommand, EncryptCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { AddPermissionCommand, CreateFunctionUrlConfigCommand, GetFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, DeleteSecretCommand, GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, ListTopicsCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { createFunction, uniqueName } from '../../support/functions.ts';
import { createLimitedUser, type LimitedUser } from '../../support/limitedUser.ts';
import { sdkConfig, type SdkClients } from '../../support/sdkClients.ts';
import { useServer } from '../../support/useServer.ts';

interface Clients extends Pick<SdkClients, 'iam' | 'kms' | 'lambda' | 's3' | 'sns' | 'sqs'> {
  readonly events: EventBridgeClient;
  readonly secrets: SecretsManagerClient;
  readonly ssm: SSMClient;
}

type Request = (as: Clients) => Promise<unknown>;

interface Rule {
  /** What must hold, by operator and key. */
  readonly condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly action: string | readonly string[];
  readonly allowed: Request;
  readonly denied: Request;
}

let root: Clients;
let user: LimitedUser;
let limited: Clients;
let made: Awaited<ReturnType<typeof prepare>>;
const clientsOf = (endpoint: string, clients: SdkClients, credentials?: Parameters<typeof sdkConfig>[1]): Clients => {
  const config = sdkConfig(endpoint, credentials);
  const more = { events: new EventBridgeClient(config), secrets: new SecretsManagerClient(config), ssm: new SSMClient(config) };
  return { iam: clients.iam, kms: clients.kms, lambda: clients.lambda, s3: clients.s3, sns: clients.sns, sqs: clients.sqs, ...more };
};
const scene = useServer({}, async ({ server, aws, roleArn }) => {
  root = clientsOf(server.endpoint, aws);
  user = await createLimitedUser({ server, aws, roleArn }, []);
  limited = clientsOf(server.endpoint, user.clients, await user.clients.sqs.config.credentials());
  made = await prepare(roleArn);
});
after(() => {
  for (const { events, secrets, ssm } of [root, limited]) for (const client of [events, secrets, ssm]) client.destroy();
  user.clients.destroy();
});

const Plaintext = Buffer.from('x');
const account = 'arn:aws:iam::000000000000';

/** One of each thing that the rules are about, half of them tagged `team: red`. */
async function prepare(roleArn: string) {
  const { kms, lambda, s3, sns, sqs, secrets, ssm, events } = root;
  const createKey = async (Tags: { TagKey: string; TagValue: string }[] = []): Promise<string> => (await kms.send(new CreateKeyCommand({ Tags }))).KeyMetadata?.KeyId ?? '';
  const [key, redKey] = [await createKey(), await createKey([{ TagKey: 'team', TagValue: 'red' }])];
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/named', TargetKeyId: key }));
  await s3.send(new CreateBucketCommand({ Bucket: 'condition-keys' }));
  const queue = async (QueueName: string, tags?: Record<string, string>) => (await sqs.send(new CreateQueueCommand({ QueueName, ...(tags && { tags }) }))).QueueUrl ?? '';
  const secret = { SecretString: 'one', Tags: [{ Key: 'team', Value: 'red' }] };
  const { ARN: redSecret = '' } = await secrets.send(new CreateSecretCommand({ Name: 'red', ...secret }));
  await secrets.send(new PutSecretValueCommand({ SecretId: redSecret, SecretString: 'two' }));
  const { ARN: plainSecret = '' } = await secrets.send(new CreateSecretCommand({ Name: 'plain', SecretString: 'one' }));
  await ssm.send(new PutParameterCommand({ Name: '/tree/leaf', Value: '1', Type: 'String' }));
  await events.send(new PutRuleCommand({ Name: 'rule', EventPattern: '{"source":["mine"]}' }));
  await root.iam.send(new CreateUserCommand({ UserName: 'attached' }));
  const files = { 'index.mjs': 'export const handler = async () => 1;' };
  return {
    key, redKey, redSecret, plainSecret,
    plainQueue: await queue('plain'),
    redQueue: await queue('red', { team: 'red' }),
    topic: (await sns.send(new CreateTopicCommand({ Name: 'topic' }))).TopicArn ?? '',
    plainFunction: await createFunction(lambda, { Role: roleArn, files }),
    redFunction: await createFunction(lambda, { Role: roleArn, files, Tags: { team: 'red' } }),
  };
}

const string = (key: string, value: string | readonly string[]): Rule['condition'] => ({ StringEquals: { [key]: value } });
const listTopics: Request = ({ sns }) => sns.send(new ListTopicsCommand({}));
const createQueue = (tags: Record<string, string>): Request => ({ sqs }) => sqs.send(new CreateQueueCommand({ QueueName: uniqueName('queue'), tags }));
const queueActions = ['sqs:CreateQueue', 'sqs:TagQueue'];
const list = (Prefix?: string): Request => ({ s3 }) => s3.send(new ListObjectsV2Command({ Bucket: 'condition-keys', Prefix }));
const put = (more: object): Request => ({ s3 }) => s3.send(new PutObjectCommand({ Bucket: 'condition-keys', Key: 'key', Body: 'x', ...more }));
const encrypt = (more: object = {}): Request => ({ kms }) => kms.send(new EncryptCommand({ KeyId: made.key, Plaintext, ...more }));
const sealed = (as: Clients): Promise<unknown> => as.ssm.send(new PutParameterCommand({ Name: `/sealed/${uniqueName('p')}`, Value: '1', Type: 'SecureString', KeyId: made.key }));
const read = (SecretId: 'redSecret' | 'plainSecret', VersionStage?: string): Request => ({ secrets }) => secrets.send(new GetSecretValueCommand({ SecretId: made[SecretId], VersionStage }));
const createSecret = (Name: string): Request => ({ secrets }) => secrets.send(new CreateSecretCommand({ Name, SecretString: 'x' }));
const forget = (more: object): Request => async ({ secrets }) => {
  const { ARN } = await root.secrets.send(new CreateSecretCommand({ Name: uniqueName('gone'), SecretString: 'x' }));
  return await secrets.send(new DeleteSecretCommand({ SecretId: ARN, ...more }));
};
const url = (AuthType: 'AWS_IAM' | 'NONE'): Request => ({ lambda }) => lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: made.plainFunction, AuthType }));
const permit = (Principal: string): Request => ({ lambda }) => lambda.send(new AddPermissionCommand({ FunctionName: made.plainFunction, StatementId: uniqueName('s'), Action: 'lambda:InvokeFunction', Principal }));
const tell = (Source: string, DetailType = 'type'): Request => ({ events }) => events.send(new PutEventsCommand({ Entries: [{ Source, DetailType, Detail: '{}' }] }));
const target = (name: string): Request => ({ events }) => events.send(new PutTargetsCommand({ Rule: 'rule', Targets: [{ Id: 'one', Arn: `arn:aws:sqs:us-east-1:000000000000:${name}` }] }));
const subscribe = (Protocol: string, Endpoint: string): Request => ({ sns }) => sns.send(new SubscribeCommand({ TopicArn: made.topic, Protocol, Endpoint }));
const attach = (name: string): Request => ({ iam }) => iam.send(new AttachUserPolicyCommand({ UserName: 'attached', PolicyArn: `arn:aws:iam::aws:policy/${name}` }));
const userName = (): string => user.arn.split('/').at(-1) ?? '';
const create = (PermissionsBoundary?: string): Request => ({ iam }) => iam.send(new CreateUserCommand({ UserName: uniqueName('user'), ...(PermissionsBoundary && { PermissionsBoundary }) }));

const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const rules: Readonly<Record<string, Rule>> = {
  // Tags.
  'aws:RequestTag': { action: queueActions, condition: string('aws:RequestTag/team', 'red'), allowed: createQueue({ team: 'red' }), denied: createQueue({ team: 'blue' }) },
  'aws:TagKeys': { action: queueActions, condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team', 'cost'] } }, allowed: createQueue({ team: 'x', cost: 'y' }), denied: createQueue({ team: 'x', other: 'y' }) },
  'aws:ResourceTag of a queue': {
    action: 'sqs:*', condition: string('aws:ResourceTag/team', 'red'),
    allowed: ({ sqs }) => sqs.send(new GetQueueAttributesCommand({ QueueUrl: made.redQueue })),
    denied: ({ sqs }) => sqs.send(new GetQueueAttributesCommand({ QueueUrl: made.plainQueue })),
  },
  'aws:ResourceTag of a key': { action: 'kms:*', condition: string('aws:ResourceTag/team', 'red'), allowed: ({ kms }) => kms.send(new EncryptCommand({ KeyId: made.redKey, Plaintext })), denied: encrypt() },
  'aws:ResourceTag of a function': {
    action: 'lambda:*', condition: string('aws:ResourceTag/team', 'red'),
    allowed: ({ lambda }) => lambda.send(new GetFunctionCommand({ FunctionName: made.redFunction })),
    denied: ({ lambda }) => lambda.send(new GetFunctionCommand({ FunctionName: made.plainFunction })),
  },
  'secretsmanager:ResourceTag': { action: 'secretsmanager:*', condition: string('secretsmanager:ResourceTag/team', 'red'), allowed: read('redSecret'), denied: read('plainSecret') },
  // S3.
  's3:prefix': { action: 's3:ListBucket', condition: { StringLike: { 's3:prefix': 'home/*' } }, allowed: list('home/me/'), denied: list() },
  's3:x-amz-acl': { action: ['s3:PutObject', 's3:PutObjectAcl'], condition: string('s3:x-amz-acl', 'bucket-owner-full-control'), allowed: put({ ACL: 'bucket-owner-full-control' }), denied: put({}) },
  's3:x-amz-server-side-encryption': { action: 's3:PutObject', condition: string('s3:x-amz-server-side-encryption', 'AES256'), allowed: put({ ServerSideEncryption: 'AES256' }), denied: put({}) },
  // KMS.
  'kms:ViaService': { action: ['kms:Encrypt', 'kms:GenerateDataKey'], condition: string('kms:ViaService', 'ssm.us-east-1.amazonaws.com'), allowed: sealed, denied: encrypt() },
  'kms:EncryptionContext': { action: 'kms:Encrypt', condition: string('kms:EncryptionContext:app', 'a'), allowed: encrypt({ EncryptionContext: { app: 'a' } }), denied: encrypt({ EncryptionContext: { app: 'b' } }) },
  'kms:EncryptionContextKeys': { action: 'kms:Encrypt', condition: { 'ForAnyValue:StringEquals': { 'kms:EncryptionContextKeys': 'app' } }, allowed: encrypt({ EncryptionContext: { app: 'a' } }), denied: encrypt() },
  'kms:RequestAlias': { action: 'kms:Encrypt', condition: string('kms:RequestAlias', 'alias/named'), allowed: encrypt({ KeyId: 'alias/named' }), denied: encrypt() },
  'kms:KeySpec': { action: 'kms:CreateKey', condition: string('kms:KeySpec', 'SYMMETRIC_DEFAULT'), allowed: ({ kms }) => kms.send(new CreateKeyCommand({})), denied: ({ kms }) => kms.send(new CreateKeyCommand({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })) },
  'kms:GrantOperations': {
    action: 'kms:CreateGrant', condition: { 'ForAllValues:StringEquals': { 'kms:GrantOperations': ['Encrypt'] } },
    allowed: ({ kms }) => kms.send(new CreateGrantCommand({ KeyId: made.key, GranteePrincipal: `${account}:root`, Operations: ['Encrypt'] })),
    denied: ({ kms }) => kms.send(new CreateGrantCommand({ KeyId: made.key, GranteePrincipal: `${account}:root`, Operations: ['Encrypt', 'Decrypt'] })),
  },
  'kms:ScheduleKeyDeletionPendingWindowInDays': {
    action: 'kms:ScheduleKeyDeletion', condition: { NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '20' } },
    allowed: ({ kms }) => kms.send(new ScheduleKeyDeletionCommand({ KeyId: made.redKey, PendingWindowInDays: 20 })),
    denied: ({ kms }) => kms.send(new ScheduleKeyDeletionCommand({ KeyId: made.key, PendingWindowInDays: 7 })),
  },
  // Secrets Manager and Parameter Store.
  'secretsmanager:VersionStage': { action: 'secretsmanager:GetSecretValue', condition: string('secretsmanager:VersionStage', 'AWSCURRENT'), allowed: read('redSecret', 'AWSCURRENT'), denied: read('redSecret', 'AWSPREVIOUS') },
  'secretsmanager:Name': { action: 'secretsmanager:CreateSecret', condition: { StringLike: { 'secretsmanager:Name': 'mine/*' } }, allowed: createSecret('mine/1'), denied: createSecret('other/1') },
  'secretsmanager:ForceDeleteWithoutRecovery': { action: 'secretsmanager:DeleteSecret', condition: { Bool: { 'secretsmanager:ForceDeleteWithoutRecovery': 'false' } }, allowed: forget({ ForceDeleteWithoutRecovery: false }), denied: forget({ ForceDeleteWithoutRecovery: true }) },
  'secretsmanager:RecoveryWindowInDays': { action: 'secretsmanager:DeleteSecret', condition: { NumericGreaterThan: { 'secretsmanager:RecoveryWindowInDays': '10' } }, allowed: forget({ RecoveryWindowInDays: 11 }), denied: forget({ RecoveryWindowInDays: 10 }) },
  'ssm:Recursive': {
    action: 'ssm:GetParametersByPath', condition: string('ssm:Recursive', 'false'),
    allowed: ({ ssm }) => ssm.send(new GetParametersByPathCommand({ Path: '/tree', Recursive: false })),
    denied: ({ ssm }) => ssm.send(new GetParametersByPathCommand({ Path: '/tree', Recursive: true })),
  },
  'ssm:Overwrite': {
    action: 'ssm:PutParameter', condition: string('ssm:Overwrite', 'false'),
    allowed: ({ ssm }) => ssm.send(new PutParameterCommand({ Name: uniqueName('p'), Value: '1', Type: 'String', Overwrite: false })),
    denied: ({ ssm }) => ssm.send(new PutParameterCommand({ Name: '/tree/leaf', Value: '2', Type: 'String', Overwrite: true })),
  },
  // Lambda, SNS, EventBridge, IAM.
  'lambda:FunctionUrlAuthType': { action: 'lambda:CreateFunctionUrlConfig', condition: string('lambda:FunctionUrlAuthType', 'AWS_IAM'), allowed: url('AWS_IAM'), denied: url('NONE') },
  'lambda:Principal': { action: 'lambda:AddPermission', condition: string('lambda:Principal', 's3.amazonaws.com'), allowed: permit('s3.amazonaws.com'), denied: permit('sns.amazonaws.com') },
  'sns:Protocol': { action: 'sns:Subscribe', condition: string('sns:Protocol', 'sqs'), allowed: subscribe('sqs', 'arn:aws:sqs:us-east-1:000000000000:plain'), denied: subscribe('email', 'me@example.com') },
  'sns:Endpoint': { action: 'sns:Subscribe', condition: { StringLike: { 'sns:Endpoint': '*@example.com' } }, allowed: subscribe('email', 'me@example.com'), denied: subscribe('email', 'me@example.org') },
  'events:source': { action: 'events:PutEvents', condition: string('events:source', 'mine'), allowed: tell('mine'), denied: tell('yours') },
  'events:detail-type': { action: 'events:PutEvents', condition: string('events:detail-type', 'type'), allowed: tell('mine'), denied: tell('mine', 'other') },
  'events:TargetArn': { action: 'events:PutTargets', condition: { ArnEquals: { 'events:TargetArn': 'arn:aws:sqs:us-east-1:000000000000:plain' } }, allowed: target('plain'), denied: target('red') },
  'iam:PolicyARN': { action: 'iam:AttachUserPolicy', condition: { ArnEquals: { 'iam:PolicyARN': readOnly } }, allowed: attach('ReadOnlyAccess'), denied: attach('AdministratorAccess') },
  'iam:PermissionsBoundary': { action: 'iam:CreateUser', condition: string('iam:PermissionsBoundary', readOnly), allowed: create(readOnly), denied: create() },
};

for (const [key, rule] of Object.entries(rules)) {
  test(`${key} tells an allowed request from a denied one`, async () => {
    const statement = { Effect: 'Allow', Action: rule.action, Resource: '*', Condition: rule.condition };
    // What stands behind the key's own service is asked without a condition.
    await setPolicy([statement, { Effect: 'Allow', Action: 'ssm:PutParameter', Resource: 'arn:aws:ssm:*:*:parameter/sealed/*' }]);
    await rule.allowed(limited);
    await assert.rejects(rule.denied(limited), isDenial);
  });
}

// The key of every request is the same for both: here the condition differs.
for (const [condition, opposite] of [
  [{ IpAddress: { 'aws:SourceIp': '127.0.0.1/32' } }, { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }],
  [{ Bool: { 'aws:SecureTransport': 'false' } }, { Bool: { 'aws:SecureTransport': 'true' } }],
  [string('aws:RequestedRegion', 'us-east-1'), string('aws:RequestedRegion', 'eu-west-1')],
  [string('aws:PrincipalAccount', '000000000000'), string('aws:PrincipalAccount', '111122223333')],
  [string('aws:PrincipalType', 'User'), string('aws:PrincipalType', 'AssumedRole')],
  [{ StringLike: { 'aws:UserAgent': 'aws-sdk-js/*' } }, { StringLike: { 'aws:UserAgent': 'curl/*' } }],
  [{ Null: { 'aws:MultiFactorAuthPresent': 'true' } }, { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }],
  [{ DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, { DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }],
] as const) {
  test(`${JSON.stringify(condition)} holds and ${JSON.stringify(opposite)} does not`, async () => {
    const statement = { Effect: 'Allow', Action: 'sns:ListTopics', Resource: '*' };
    await setPolicy([{ ...statement, Condition: condition }]);
    await listTopics(limited);
    await setPolicy([{ ...statement, Condition: opposite }]);
    await assert.rejects(listTopics(limited), isDenial);
  });
}

test('sqs:SendMessage follows what its statement names with a variable of the caller', async () => {
  await setPolicy([{ Effect: 'Allow', Action: 'sqs:*', Resource: 'arn:aws:sqs:*:*:${aws:username}-*' }]);
  const own = await root.sqs.send(new CreateQueueCommand({ QueueName: `${userName()}-inbox` }));
  await limited.sqs.send(new SendMessageCommand({ QueueUrl: own.QueueUrl, MessageBody: 'x' }));
  await assert.rejects(limited.sqs.send(new SendMessageCommand({ QueueUrl: made.plainQueue, MessageBody: 'x' })), isDenial);
});

async function setPolicy(statements: readonly object[]): Promise<void> {
  await scene().aws.iam.send(new PutUserPolicyCommand({ UserName: userName(), PolicyName: 'rule', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statements }) }));
}

function isDenial(error: unknown): true {
  assert.ok(error instanceof Error);
  assert.match(error.name, /^(AccessDenied|AuthorizationError)/, `${error.name}: ${error.message}`);
  return true;
}
