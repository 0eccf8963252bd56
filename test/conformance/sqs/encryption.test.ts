// Queues with a key of KMS: who may send and receive needs the key as well.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const kms = () => scene().aws.kms;

test('a queue with a key of its own takes and gives messages', async () => {
  const { sqs } = scene().aws;
  const { KeyMetadata } = await kms().send(new CreateKeyCommand({}));
  const KmsMasterKeyId = KeyMetadata?.Arn ?? '';
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: uniqueName('q'), Attributes: { KmsMasterKeyId } }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled'] }));
  assert.deepEqual(Attributes, { KmsMasterKeyId, KmsDataKeyReusePeriodSeconds: '300', SqsManagedSseEnabled: 'false' });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'secret' }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  assert.equal(Messages?.[0]?.Body, 'secret');
});

test('a user needs the key besides the queue, and a disabled key stops the sending', async () => {
  const { sqs } = scene().aws;
  const { KeyMetadata } = await kms().send(new CreateKeyCommand({}));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: uniqueName('q'), Attributes: { KmsMasterKeyId: KeyMetadata?.KeyId ?? '' } }));
  const sender = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }]);
  await expectRefusal(sender.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })), { name: /KmsAccessDenied|KMS\.AccessDenied/, status: 400, message: /kms:GenerateDataKey/ });
  const holder = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: ['sqs:*', 'kms:GenerateDataKey', 'kms:Decrypt'], Resource: '*' }]);
  await kms().send(new DisableKeyCommand({ KeyId: KeyMetadata?.KeyId }));
  await expectRefusal(holder.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })), { name: /KmsDisabled|KMS\.Disabled/, status: 400 });
  await kms().send(new EnableKeyCommand({ KeyId: KeyMetadata?.KeyId }));
  await holder.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
  for (const user of [sender, holder]) user.clients.destroy();
});

test('a key that there is not is refused', async () => {
  const KmsMasterKeyId = '00000000-0000-4000-8000-000000000000';
  await expectRefusal(scene().aws.sqs.send(new CreateQueueCommand({ QueueName: uniqueName('q'), Attributes: { KmsMasterKeyId } })), { name: /KmsNotFound|KMS\.NotFound/, status: 400 });
});
