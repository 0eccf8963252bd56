import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../base/errors.ts';
import type { Encryption } from '../../../ports/encryption.ts';
import { withSqs } from '../testSqs.ts';

/** One key; data keys are numbered, and "encrypted" by a prefix. */
function createToyKms() {
  const asked: string[] = [];
  let disabled = false;
  const check = (keyId: string | undefined): void => {
    if (keyId !== 'alias/toy') throw new ServiceError('NotFoundException', `Alias ${keyId} is not found.`);
    if (disabled) throw new ServiceError('DisabledException', 'The key is disabled.');
  };
  const encryption: Encryption = {
    encrypt: () => assert.fail('messages are encrypted under data keys'),
    async generateDataKey({ keyId, context, user }) {
      check(keyId);
      asked.push(`generate ${context['aws:sqs:arn']} ${user.service}`);
      const plaintext = Buffer.alloc(32, asked.length);
      return { plaintext, ciphertext: Buffer.concat([Buffer.from('toy'), plaintext]), keyArn: 'arn' };
    },
    async decrypt({ ciphertext, context }) {
      check('alias/toy');
      asked.push(`decrypt ${context['aws:sqs:arn']}`);
      return { plaintext: Buffer.from(ciphertext).subarray(3), keyArn: 'arn' };
    },
    async requireKey(keyId) {
      check(keyId);
      return { keyArn: 'arn', awsManaged: false };
    },
  };
  return { encryption, asked, disable: () => (disabled = true) };
}

const arn = 'arn:aws:sqs:us-east-1:000000000000:q';

test('createSealing stores nothing readable, and asks KMS once in the time that the queue says', () => {
  const kms = createToyKms();
  return withSqs(async ({ run, create, store, advance }) => {
    const QueueUrl = await create('q', { KmsMasterKeyId: 'alias/toy', KmsDataKeyReusePeriodSeconds: '60' });
    const long = `long ${'secret'.repeat(20_000)}`;
    const sent = await run('SendMessageBatch', { QueueUrl, Entries: [{ Id: 'a', MessageBody: 'top secret' }, { Id: 'b', MessageBody: long }] });
    assert.equal(sent.Successful?.length, 2);
    for await (const page of store.exportRows()) for (const { value } of page) assert.ok(!Buffer.from(value).includes('secret'));
    const { Messages = [] } = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    assert.deepEqual(Messages.map(({ Body, MD5OfBody }) => [Body, MD5OfBody]), [['top secret', sent.Successful?.[0]?.MD5OfMessageBody], [long, sent.Successful?.[1]?.MD5OfMessageBody]]);
    assert.equal(kms.asked[0], `generate ${arn} sqs`);
    const before = kms.asked.length;
    await run('SendMessage', { QueueUrl, MessageBody: 'again' });
    assert.equal(kms.asked.length, before);
    await advance(60_000);
    await run('SendMessage', { QueueUrl, MessageBody: 'again' });
    assert.equal(kms.asked.length, before + 1);
    // What was encrypted stays readable when the queue gives up its key.
    await run('SetQueueAttributes', { QueueUrl, Attributes: { KmsMasterKeyId: '' } });
    await run('SendMessage', { QueueUrl, MessageBody: 'plain' });
    const { Messages: later = [] } = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    assert.deepEqual(later.map(({ Body }) => Body).filter((body) => body !== 'top secret' && body !== long), ['again', 'again', 'plain']);
  }, { encryption: kms.encryption });
});

test('createSealing encrypts without KMS as well, unless the queue was told not to', () =>
  withSqs(async ({ run, create, store }) => {
    const readable = async (): Promise<boolean> => {
      for await (const page of store.exportRows()) for (const { value } of page) if (Buffer.from(value).includes('secret')) return true;
      return false;
    };
    const QueueUrl = await create('q');
    await run('SendMessage', { QueueUrl, MessageBody: 'top secret' });
    assert.equal(await readable(), false);
    await run('SetQueueAttributes', { QueueUrl, Attributes: { SqsManagedSseEnabled: 'false' } });
    const { Messages = [] } = await run('ReceiveMessage', { QueueUrl });
    assert.equal(Messages[0]?.Body, 'top secret');
    await run('SendMessage', { QueueUrl, MessageBody: 'no secret' });
    assert.equal(await readable(), true);
  }));

test('createSealing says in words of SQS what KMS refuses', () => {
  const kms = createToyKms();
  return withSqs(async ({ run, create, advance }) => {
    await assert.rejects(create('p', { KmsMasterKeyId: 'alias/other' }), { code: 'KmsNotFound', message: 'Alias alias/other is not found.' });
    const QueueUrl = await create('q', { KmsMasterKeyId: 'alias/toy' });
    await run('SendMessage', { QueueUrl, MessageBody: 'x' });
    kms.disable();
    await advance(300_000);
    await assert.rejects(run('SendMessage', { QueueUrl, MessageBody: 'x' }), { code: 'KmsDisabled' });
    await assert.rejects(run('ReceiveMessage', { QueueUrl }), { code: 'KmsDisabled' });
  }, { encryption: kms.encryption });
});

test('createSealing shares no data key between two sessions of one name', () => {
  const kms = createToyKms();
  return withSqs(async ({ run, create }) => {
    const QueueUrl = await create('q', { KmsMasterKeyId: 'alias/toy' });
    const session = (accessKeyId: string) => ({ accessKeyId });
    await run('SendMessage', { QueueUrl, MessageBody: 'x' }, session('ASIAONE'));
    const after = kms.asked.length;
    await run('SendMessage', { QueueUrl, MessageBody: 'x' }, session('ASIAONE'));
    assert.equal(kms.asked.length, after);
    await run('SendMessage', { QueueUrl, MessageBody: 'x' }, session('ASIATWO'));
    assert.equal(kms.asked.length, after + 1);
  }, { encryption: kms.encryption });
});
