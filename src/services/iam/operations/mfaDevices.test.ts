import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeAt, stepMs } from '../domain/totp.ts';
import { account, createHarness, type Harness } from '../testing/harness.ts';

async function createDevice({ iam }: Harness, VirtualMFADeviceName = 'phone') {
  const { VirtualMFADevice } = await iam('CreateVirtualMFADevice', { VirtualMFADeviceName });
  return { SerialNumber: VirtualMFADevice?.SerialNumber ?? '', seed: Buffer.from(VirtualMFADevice?.Base32StringSeed ?? []).toString() };
}

function codesOf({ clock }: Harness, seed: string, ahead = 0) {
  const step = Math.floor(clock.now() / stepMs) + ahead;
  return { AuthenticationCode1: codeAt(seed, step - 1), AuthenticationCode2: codeAt(seed, step) };
}

test('EnableMFADevice wants two codes in a row, and the device is the user\'s until DeactivateMFADevice', async () => {
  const harness = createHarness();
  const { iam, clock } = harness;
  const ann = await harness.createUser('ann', []);
  const { SerialNumber, seed } = await createDevice(harness);
  assert.equal(SerialNumber, `arn:aws:iam::${account}:mfa/phone`);
  assert.match(seed, /^[A-Z2-7]{64}$/);
  const wrong = { code: 'InvalidAuthenticationCodeException' };
  const { AuthenticationCode1, AuthenticationCode2 } = codesOf(harness, seed);
  await assert.rejects(iam('EnableMFADevice', { UserName: 'ann', SerialNumber, AuthenticationCode1, AuthenticationCode2: AuthenticationCode1 }), wrong);
  await iam('EnableMFADevice', { UserName: 'ann', SerialNumber, AuthenticationCode1, AuthenticationCode2 });
  await assert.rejects(iam('EnableMFADevice', { UserName: 'ann', SerialNumber, ...codesOf(harness, seed) }), { code: 'EntityAlreadyExistsException' });
  assert.deepEqual((await iam('ListMFADevices', { UserName: 'ann' })).MFADevices, [{ UserName: 'ann', SerialNumber, EnableDate: new Date(clock.now()) }]);
  assert.equal((await iam('GetMFADevice', { UserName: 'ann', SerialNumber })).UserName, 'ann');
  await assert.rejects(iam('DeleteVirtualMFADevice', { SerialNumber }), { code: 'DeleteConflictException' });
  await assert.rejects(iam('DeleteUser', { UserName: 'ann' }), { code: 'DeleteConflictException' });

  const attempt = (code: string) => ({ caller: ann, serialNumber: SerialNumber, code });
  const now = (): string => codeAt(seed, Math.floor(clock.now() / stepMs));
  assert.equal(await harness.mfa.useCode(attempt(now())), 'wrong', 'the code that enabled the device is spent');
  clock.advance(stepMs);
  assert.equal(await harness.mfa.checkCode(attempt(now())), 'right');
  assert.equal(await harness.mfa.useCode(attempt(now())), 'right');
  assert.equal(await harness.mfa.useCode(attempt(now())), 'wrong');
  assert.equal(await harness.mfa.useCode({ ...attempt(now()), caller: { kind: 'root', account, arn: '', userId: account } }), 'unknown-device');

  await iam('UpdateUser', { UserName: 'ann', NewUserName: 'anna' });
  assert.equal((await iam('ListMFADevices', { UserName: 'anna' })).MFADevices?.length, 1);
  await iam('DeactivateMFADevice', { UserName: 'anna', SerialNumber });
  await iam('DeleteVirtualMFADevice', { SerialNumber });
  assert.deepEqual((await iam('ListVirtualMFADevices', {})).VirtualMFADevices, []);
});

test('ResyncMFADevice follows a device whose clock is wrong', async () => {
  const harness = createHarness();
  const { iam, clock } = harness;
  const ann = await harness.createUser('ann', []);
  const { SerialNumber, seed } = await createDevice(harness);
  await iam('EnableMFADevice', { UserName: 'ann', SerialNumber, ...codesOf(harness, seed) });
  clock.advance(stepMs);
  const code = (): string => codeAt(seed, Math.floor(clock.now() / stepMs) + 10);
  assert.equal(await harness.mfa.checkCode({ caller: ann, serialNumber: SerialNumber, code: code() }), 'wrong');
  await iam('ResyncMFADevice', { UserName: 'ann', SerialNumber, ...codesOf(harness, seed, 10) });
  clock.advance(stepMs);
  assert.equal(await harness.mfa.checkCode({ caller: ann, serialNumber: SerialNumber, code: code() }), 'right');
});

test('CreateVirtualMFADevice refuses a name in use; ListVirtualMFADevices, TagMFADevice, UntagMFADevice and ListMFADeviceTags know the device', async () => {
  const harness = createHarness();
  const { iam } = harness;
  const { SerialNumber } = await createDevice(harness);
  await assert.rejects(createDevice(harness, 'PHONE'), { code: 'EntityAlreadyExistsException' });
  await iam('TagMFADevice', { SerialNumber, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] });
  await iam('UntagMFADevice', { SerialNumber, TagKeys: ['a'] });
  assert.deepEqual((await iam('ListMFADeviceTags', { SerialNumber })).Tags, [{ Key: 'b', Value: '2' }]);
  assert.equal((await iam('ListVirtualMFADevices', { AssignmentStatus: 'Unassigned' })).VirtualMFADevices?.length, 1);
  assert.equal((await iam('ListVirtualMFADevices', { AssignmentStatus: 'Assigned' })).VirtualMFADevices?.length, 0);
  await assert.rejects(iam('DeleteVirtualMFADevice', { SerialNumber: `${SerialNumber}2` }), { code: 'NoSuchEntityException' });
});
