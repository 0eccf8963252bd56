// Topics, their settings, policies and tags through the JavaScript SDK.
// https://docs.aws.amazon.com/sns/latest/api/API_Operations.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  AddPermissionCommand,
  CreateTopicCommand,
  DeleteTopicCommand,
  GetDataProtectionPolicyCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  PublishCommand,
  PutDataProtectionPolicyCommand,
  RemovePermissionCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-sns';
import { uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const arnOf = (name: string): string => `arn:aws:sns:us-east-1:000000000000:${name}`;
const invalid = (message: string | RegExp) => ({ name: 'InvalidParameterException', status: 400, message });

async function createTopic(settings: { name?: string; attributes?: Record<string, string> } = {}): Promise<string> {
  const { TopicArn = '' } = await scene().aws.sns.send(new CreateTopicCommand({ Name: settings.name ?? uniqueName('t'), ...(settings.attributes ? { Attributes: settings.attributes } : {}) }));
  return TopicArn;
}

suite('topics', () => {
  test('are made once, listed page by page, and deleted', async () => {
    const { sns } = scene().aws;
    const name = uniqueName('once');
    assert.equal(await createTopic({ name }), arnOf(name));
    assert.equal(await createTopic({ name }), arnOf(name));
    await expectRefusal(sns.send(new CreateTopicCommand({ Name: name, Attributes: { DisplayName: 'x' } })), invalid('Invalid parameter: Attributes Reason: Topic already exists with different attributes'));
    await expectRefusal(sns.send(new CreateTopicCommand({ Name: name, Tags: [{ Key: 'a', Value: 'b' }] })), invalid('Invalid parameter: Tags Reason: Topic already exists with different tags'));
    for (let index = 0; index < 101; index += 1) await createTopic({ name: `${name}-${index}` });
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await sns.send(new ListTopicsCommand({ NextToken }));
      assert.ok((page.Topics?.length ?? 0) <= 100);
      seen.push(...(page.Topics ?? []).map(({ TopicArn = '' }) => TopicArn));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    assert.equal(seen.filter((arn) => arn.startsWith(arnOf(name))).length, 102);
    await sns.send(new DeleteTopicCommand({ TopicArn: arnOf(name) }));
    await sns.send(new DeleteTopicCommand({ TopicArn: arnOf(name) }));
    await expectRefusal(sns.send(new GetTopicAttributesCommand({ TopicArn: arnOf(name) })), { name: 'NotFoundException', status: 404, message: 'Topic does not exist' });
    await expectRefusal(sns.send(new ListTopicsCommand({ NextToken: '?' })), invalid('Invalid parameter: NextToken'));
  });

  test('have names of their kind', async () => {
    const { sns } = scene().aws;
    const fifo = { FifoTopic: 'true' };
    for (const Name of ['', 'a b', 'x'.repeat(257), 'a.fifo', 'ä']) await expectRefusal(sns.send(new CreateTopicCommand({ Name })), invalid('Invalid parameter: Topic Name'));
    for (const Name of ['a', '.fifo', `${'x'.repeat(252)}.fifo`]) await expectRefusal(sns.send(new CreateTopicCommand({ Name, Attributes: fifo })), invalid(/^Invalid parameter: Topic Name Reason: Fifo Topic names must end with \.fifo/));
    assert.equal(await createTopic({ name: 'x'.repeat(256) }), arnOf('x'.repeat(256)));
  });

  test('tell their settings', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const { Attributes: plain = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    assert.deepEqual(JSON.parse(plain['Policy'] ?? '').Statement[0].Condition, { StringEquals: { 'AWS:SourceOwner': '000000000000' } });
    assert.deepEqual(JSON.parse(plain['EffectiveDeliveryPolicy'] ?? '').http.defaultHealthyRetryPolicy, {
      minDelayTarget: 20, maxDelayTarget: 20, numRetries: 3, numNoDelayRetries: 0, numMinDelayRetries: 0, numMaxDelayRetries: 0, backoffFunction: 'linear',
    });
    assert.deepEqual([plain['Owner'], plain['DisplayName'], plain['SubscriptionsConfirmed'], plain['SubscriptionsPending'], plain['SubscriptionsDeleted']], ['000000000000', '', '0', '0', '0']);
    const set = (AttributeName: string, AttributeValue: string) => sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName, AttributeValue }));
    const http = { defaultHealthyRetryPolicy: { numRetries: 5, minDelayTarget: 1, maxDelayTarget: 2 }, disableSubscriptionOverrides: true };
    await set('DisplayName', 'News');
    await set('SignatureVersion', '2');
    await set('TracingConfig', 'PassThrough');
    await set('DeliveryPolicy', JSON.stringify({ http }));
    await set('SQSFailureFeedbackRoleArn', scene().roleArn);
    const { Attributes: told = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    assert.deepEqual([told['DisplayName'], told['SignatureVersion'], told['SQSFailureFeedbackRoleArn']], ['News', '2', scene().roleArn]);
    assert.equal(JSON.parse(told['EffectiveDeliveryPolicy'] ?? '').http.defaultHealthyRetryPolicy.numRetries, 5);
    await set('DeliveryPolicy', '');
    assert.equal((await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes?.['DeliveryPolicy'], undefined);
    const fifo = await createTopic({ name: `${uniqueName('f')}.fifo`, attributes: { FifoTopic: 'true', ContentBasedDeduplication: 'true', FifoThroughputScope: 'MessageGroup' } });
    const { Attributes: ordered = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn: fifo }));
    assert.deepEqual([ordered['FifoTopic'], ordered['ContentBasedDeduplication'], ordered['FifoThroughputScope']], ['true', 'true', 'MessageGroup']);
  });

  test('refuse settings that they do not know or cannot keep', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const refused: readonly [string, string, string | RegExp][] = [
      ['Colour', 'red', 'Invalid parameter: AttributeName'],
      ['DisplayName', 'x'.repeat(101), 'Invalid parameter: DisplayName'],
      ['SignatureVersion', '3', /^Invalid parameter: SignatureVersion/],
      ['TracingConfig', 'Active', /^Invalid parameter: TracingConfig Reason: .*X-Ray/],
      ['FirehoseSuccessFeedbackRoleArn', 'arn:aws:iam::000000000000:role/r', /Amazon Data Firehose/],
      ['ApplicationSuccessFeedbackSampleRate', '1', /mobile push/],
      ['HTTPSuccessFeedbackSampleRate', '101', 'Invalid parameter: HTTPSuccessFeedbackSampleRate'],
      ['ContentBasedDeduplication', 'true', /only supported for FIFO topics/],
      ['ArchivePolicy', '{"MessageRetentionPeriod":"7"}', /only supported for FIFO topics/],
      ['FifoThroughputScope', 'Topic', /only supported for FIFO topics/],
      ['Policy', '{"Statement":1}', /^Invalid parameter: Policy Error: /],
      ['Policy', JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: TopicArn }] }), 'Invalid parameter: Policy statement action out of service scope!'],
      ['DeliveryPolicy', 'x', 'Invalid parameter: DeliveryPolicy: failed to parse JSON.'],
      ['DeliveryPolicy', '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}', /numRetries must be less than or equal to 100/],
      ['DeliveryPolicy', '{"http":{"defaultHealthyRetryPolicy":{"numRetries":100,"minDelayTarget":60,"maxDelayTarget":60}}}', /3600 seconds/],
      ['DeliveryPolicy', '{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":0}}}', /maxReceivesPerSecond must be greater than or equal to 1/],
    ];
    for (const [AttributeName, AttributeValue, message] of refused) await expectRefusal(sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName, AttributeValue })), invalid(message));
    await expectRefusal(sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'KmsMasterKeyId', AttributeValue: 'alias/absent' })), { name: 'KMSNotFoundException', status: 400 });
    await expectRefusal(sns.send(new SetTopicAttributesCommand({ TopicArn: arnOf('absent'), AttributeName: 'DisplayName', AttributeValue: 'x' })), { name: 'NotFoundException', status: 404 });
    await expectRefusal(sns.send(new GetTopicAttributesCommand({ TopicArn: 'nonsense' })), invalid('Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1'));
    await expectRefusal(sns.send(new GetTopicAttributesCommand({ TopicArn: 'arn:aws:sqs:us-east-1:000000000000:q' })), invalid('Invalid parameter: TopicArn'));
    const archived = await createTopic({ name: `${uniqueName('f')}.fifo`, attributes: { FifoTopic: 'true', ArchivePolicy: '{"MessageRetentionPeriod":"366"}' } }).catch((error: Error) => error.message);
    assert.match(archived, /between 1 and 365 days/);
  });

  test('keep tags, and take no policy of data protection', async () => {
    const { sns } = scene().aws;
    const ResourceArn = await createTopic();
    await sns.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }));
    await sns.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['a'] }));
    assert.deepEqual((await sns.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags, [{ Key: 'b', Value: '2' }]);
    const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
    await expectRefusal(sns.send(new TagResourceCommand({ ResourceArn, Tags: many })), { name: 'TagLimitExceededException', status: 400, message: 'Could not complete request: tag quota of per resource exceeded' });
    await expectRefusal(sns.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'a', Value: '1' }, { Key: 'a', Value: '2' }] })), invalid('Invalid parameter: Duplicated keys are not allowed.'));
    await expectRefusal(sns.send(new ListTagsForResourceCommand({ ResourceArn: arnOf('absent') })), { name: 'ResourceNotFoundException', status: 404, message: 'Resource does not exist' });
    assert.equal((await sns.send(new GetDataProtectionPolicyCommand({ ResourceArn }))).DataProtectionPolicy ?? '', '');
    await expectRefusal(sns.send(new PutDataProtectionPolicyCommand({ ResourceArn, DataProtectionPolicy: '{}' })), invalid(/^Invalid parameter: DataProtectionPolicy Reason: /));
  });
});

suite('permissions', () => {
  test('let other accounts in, and not for long', async () => {
    const { sns } = scene().aws;
    const TopicArn = await createTopic();
    const other = sdkClients(scene().server.endpoint, { accessKeyId: '111111111111', secretAccessKey: 'x' });
    try {
      await expectRefusal(other.sns.send(new PublishCommand({ TopicArn, Message: 'x' })), { name: /AuthorizationError/, status: 403 });
      await sns.send(new AddPermissionCommand({ TopicArn, Label: 'publish', AWSAccountId: ['111111111111'], ActionName: ['Publish'] }));
      await other.sns.send(new PublishCommand({ TopicArn, Message: 'x' }));
      await expectRefusal(sns.send(new AddPermissionCommand({ TopicArn, Label: 'publish', AWSAccountId: ['111111111111'], ActionName: ['Publish'] })), invalid('Invalid parameter: Statement already exists'));
      await expectRefusal(sns.send(new AddPermissionCommand({ TopicArn, Label: 'x', AWSAccountId: ['111111111111'], ActionName: ['Dance'] })), invalid('Invalid parameter: Policy statement action out of service scope!'));
      await expectRefusal(sns.send(new AddPermissionCommand({ TopicArn, Label: 'x', AWSAccountId: ['1'], ActionName: ['Publish'] })), invalid(/PrincipalNotFound/));
      await expectRefusal(sns.send(new AddPermissionCommand({ TopicArn, Label: 'x y', AWSAccountId: ['111111111111'], ActionName: ['Publish'] })), invalid('Invalid parameter: Label'));
      await sns.send(new RemovePermissionCommand({ TopicArn, Label: 'publish' }));
      await expectRefusal(other.sns.send(new PublishCommand({ TopicArn, Message: 'x' })), { name: /AuthorizationError/, status: 403 });
      await expectRefusal(sns.send(new RemovePermissionCommand({ TopicArn: arnOf('absent'), Label: 'x' })), { name: 'NotFoundException', status: 404 });
    } finally {
      other.destroy();
    }
  });

  test('of a user may name protocols and endpoints', async () => {
    const TopicArn = await createTopic();
    const queue = (name: string) => ({ TopicArn, Protocol: 'sqs', Endpoint: `arn:aws:sqs:us-east-1:000000000000:${name}` });
    const Condition = { StringEquals: { 'sns:Protocol': 'sqs' }, StringLike: { 'sns:Endpoint': '*:allowed-*' } };
    const { clients } = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'sns:Subscribe', Resource: TopicArn, Condition }]);
    try {
      await clients.sns.send(new SubscribeCommand(queue('allowed-1')));
      const denied = await expectRefusal(clients.sns.send(new SubscribeCommand(queue('other'))), { name: /AuthorizationError/, status: 403 });
      assert.match(denied.message, /is not authorized to perform: SNS:Subscribe on resource: arn:aws:sns|sns:Subscribe/i);
      await expectRefusal(clients.sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'a@b.example' })), { name: /AuthorizationError/, status: 403 });
    } finally {
      clients.destroy();
    }
  });
});
