import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSns } from '../testSns.ts';

const number = '+12025550123';

test('SetSMSAttributes takes what a mailbox can show, which GetSMSAttributes tells', () =>
  withSns(async ({ run, mails }) => {
    await run('SetSMSAttributes', { attributes: { DefaultSenderID: 'News', DefaultSMSType: 'Transactional' } });
    assert.deepEqual((await run('GetSMSAttributes', { attributes: ['DefaultSenderID'] })).attributes, { DefaultSenderID: 'News' });
    await assert.rejects(run('SetSMSAttributes', { attributes: { MonthlySpendLimit: '1' } }), { code: 'InvalidParameterException' });
    await assert.rejects(run('SetSMSAttributes', { attributes: { Colour: 'red' } }), { message: 'Invalid parameter: Colour is not a valid attribute' });
    await assert.rejects(run('SetSMSAttributes', { attributes: { DefaultSMSType: 'Loud' } }), { code: 'InvalidParameterException' });
    await run('Publish', { PhoneNumber: number, Message: 'hello' });
    assert.deepEqual([mails[0]?.kind, mails[0]?.from, mails[0]?.to, mails[0]?.body, mails[0]?.details?.['smsType']], ['sms', 'News', number, 'hello', 'Transactional']);
  }));

test('CreateSMSSandboxPhoneNumber sends a code, which VerifySMSSandboxPhoneNumber takes, until DeleteSMSSandboxPhoneNumber', () =>
  withSns(async ({ run, mails, clock }) => {
    await run('CreateSMSSandboxPhoneNumber', { PhoneNumber: number });
    const code = mails[0]?.details?.['code'] ?? '';
    assert.match(code, /^\d{6}$/);
    assert.deepEqual((await run('ListSMSSandboxPhoneNumbers', {})).PhoneNumbers, [{ PhoneNumber: number, Status: 'Pending' }]);
    await assert.rejects(run('VerifySMSSandboxPhoneNumber', { PhoneNumber: number, OneTimePassword: 'x' }), { code: 'VerificationException' });
    clock.advance(15 * 60_000);
    await assert.rejects(run('VerifySMSSandboxPhoneNumber', { PhoneNumber: number, OneTimePassword: code }), { code: 'VerificationException' });
    await run('CreateSMSSandboxPhoneNumber', { PhoneNumber: number });
    await run('VerifySMSSandboxPhoneNumber', { PhoneNumber: number, OneTimePassword: mails[1]?.details?.['code'] });
    assert.deepEqual((await run('ListSMSSandboxPhoneNumbers', { MaxResults: 1 })).PhoneNumbers, [{ PhoneNumber: number, Status: 'Verified' }]);
    await run('DeleteSMSSandboxPhoneNumber', { PhoneNumber: number });
    await assert.rejects(run('DeleteSMSSandboxPhoneNumber', { PhoneNumber: number }), { code: 'ResourceNotFoundException' });
    for (let index = 0; index < 10; index += 1) await run('CreateSMSSandboxPhoneNumber', { PhoneNumber: `+1202555100${index}` });
    await assert.rejects(run('CreateSMSSandboxPhoneNumber', { PhoneNumber: number }), { code: 'UserErrorException' });
  }));

test('CheckIfPhoneNumberIsOptedOut, ListPhoneNumbersOptedOut and OptInPhoneNumber know nobody who has opted out', () =>
  withSns(async ({ run }) => {
    assert.deepEqual(await run('CheckIfPhoneNumberIsOptedOut', { phoneNumber: number }), { isOptedOut: false });
    await assert.rejects(run('CheckIfPhoneNumberIsOptedOut', { phoneNumber: 'x' }), { message: 'Invalid parameter: PhoneNumber Reason: input incorrectly formatted' });
    await assert.rejects(run('OptInPhoneNumber', {}), { message: 'Invalid parameter: phoneNumber Reason: no value for required parameter' });
    assert.deepEqual(await run('ListPhoneNumbersOptedOut', {}), { phoneNumbers: [] });
  }));

test('ListOriginationNumbers has none, and GetSMSSandboxAccountStatus is out of the sandbox', () =>
  withSns(async ({ run }) => {
    assert.deepEqual(await run('ListOriginationNumbers', {}), { PhoneNumbers: [] });
    assert.deepEqual(await run('GetSMSSandboxAccountStatus', {}), { IsInSandbox: false });
  }));
