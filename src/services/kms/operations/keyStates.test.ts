import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs } from '../limits.ts';
import { createTestKms } from '../testKms.ts';

const text = Buffer.from('x');

/** Lets the timers run that have become due. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 10_000; turn += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail('what was waited for did not happen');
}

test('disableKey stops a key from being used, and enableKey lets it', async () => {
  const { run, createKey } = createTestKms();
  const { id, arn } = await createKey();
  const { CiphertextBlob } = await run('Encrypt', { KeyId: id, Plaintext: text });
  await run('DisableKey', { KeyId: id });
  await assert.rejects(run('Decrypt', { CiphertextBlob }), { code: 'DisabledException', message: `${arn} is disabled.` });
  assert.equal((await run('DescribeKey', { KeyId: id })).KeyMetadata?.KeyState, 'Disabled');
  await run('EnableKey', { KeyId: id });
  assert.deepEqual((await run('Decrypt', { CiphertextBlob })).Plaintext, text);
});

test('updateKeyDescription changes what DescribeKey tells', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  await run('UpdateKeyDescription', { KeyId: id, Description: 'new' });
  assert.equal((await run('DescribeKey', { KeyId: id })).KeyMetadata?.Description, 'new');
  await run('CreateAlias', { AliasName: 'alias/x', TargetKeyId: id });
  await assert.rejects(run('UpdateKeyDescription', { KeyId: 'alias/x', Description: '' }), { code: 'NotFoundException', message: "Invalid keyId 'alias/x'" });
});

test('scheduleKeyDeletion takes a key away when its time has come, with everything that belongs to it', async () => {
  const { run, createKey, clock, store } = createTestKms();
  const { id, arn } = await createKey();
  await run('CreateAlias', { AliasName: 'alias/x', TargetKeyId: id });
  await run('CreateGrant', { KeyId: id, GranteePrincipal: 'arn:aws:iam::000000000000:user/ann', Operations: ['Decrypt'] });
  const scheduled = await run('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: 7 });
  assert.deepEqual([scheduled.KeyId, scheduled.KeyState, scheduled.DeletionDate?.getTime()], [arn, 'PendingDeletion', clock.now() + 7 * dayMs]);
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text }), { code: 'KMSInvalidStateException', message: `${arn} is pending deletion.` });
  for (const name of ['ScheduleKeyDeletion', 'EnableKey', 'DisableKey'] as const) {
    await assert.rejects(run(name, { KeyId: id }), { code: 'KMSInvalidStateException', message: `${arn} is pending deletion.` });
  }
  clock.advance(7 * dayMs);
  await assert.rejects(run('DescribeKey', { KeyId: id }), { code: 'NotFoundException' });
  const rowsLeft = async (): Promise<number> => {
    let count = 0;
    for await (const page of store.exportRows()) count += page.filter(({ key }) => Buffer.from(key).includes('kms')).length;
    return count;
  };
  await until(async () => (await rowsLeft()) === 0);
});

test('cancelKeyDeletion keeps the key, disabled', async () => {
  const { run, createKey, clock } = createTestKms();
  const { id, arn } = await createKey();
  await assert.rejects(run('CancelKeyDeletion', { KeyId: id }), { code: 'KMSInvalidStateException', message: `${arn} is not pending deletion.` });
  await run('ScheduleKeyDeletion', { KeyId: id });
  assert.deepEqual(await run('CancelKeyDeletion', { KeyId: id }), { KeyId: arn });
  clock.advance(31 * dayMs);
  assert.equal((await run('DescribeKey', { KeyId: id })).KeyMetadata?.KeyState, 'Disabled');
});

test('scheduleKeyDeletion takes 7 to 30 days', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  for (const PendingWindowInDays of [6, 31]) await assert.rejects(run('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays }), { code: 'ValidationException' });
  assert.equal((await run('ScheduleKeyDeletion', { KeyId: id })).PendingWindowInDays, 30);
});

test('enableKey, like all that changes keys, leaves those of AWS alone', async () => {
  const { run } = createTestKms();
  const { KeyMetadata } = await run('DescribeKey', { KeyId: 'alias/aws/sqs' });
  await assert.rejects(run('DisableKey', { KeyId: KeyMetadata?.KeyId }), { code: 'AccessDeniedException' });
});
