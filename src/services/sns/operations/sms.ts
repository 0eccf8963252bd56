// Text messages go into the mailbox. No number is ever opted out, for nobody can answer STOP to a mailbox; nothing is spent.
// https://docs.aws.amazon.com/sns/latest/dg/sns-mobile-phone-number-as-subscriber.html

import { invalidParameter, missingParameter, resourceNotFound, userError, verificationFailed } from '../errors.ts';
import { pageSize, sandboxNumbersMax, verificationMs } from '../limits.ts';
import { accountAccess, decodeToken, encodeToken, given, operation } from '../operation.ts';
import { sandboxNumbers, smsSettings } from '../store.ts';
import { isTelephoneNumber } from '../subscribing.ts';

type Check = (value: string) => boolean;

// API reference, SetSMSAttributes. The others name things that a mailbox has not: spending, deliveries by carriers, daily reports of them.
const settable: Readonly<Record<string, Check>> = {
  DefaultSenderID: (value) => value === '' || /^(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}$/.test(value),
  DefaultSMSType: (value) => value === 'Promotional' || value === 'Transactional',
};
const refused = new Set(['MonthlySpendLimit', 'DeliveryStatusIAMRole', 'DeliveryStatusSuccessSamplingRate', 'UsageReportS3Bucket']);

export const setSmsAttributes = operation('SetSMSAttributes', {
  access: () => accountAccess('SetSMSAttributes'),
  async handle(input, { account, region }, { store }) {
    const attributes = given(input.attributes);
    if (Object.keys(attributes).length === 0) throw missingParameter('attributes');
    for (const [name, value] of Object.entries(attributes)) {
      if (refused.has(name)) throw invalidParameter(`attributes Reason: ${name} says nothing here: text messages are not sent, but kept in Haneul's mailbox`);
      if (!Object.hasOwn(settable, name)) throw invalidParameter(`${name.slice(0, 100)} is not a valid attribute`);
      if (settable[name]?.(value) !== true) throw invalidParameter(name);
    }
    await store.transact(async (tx) => {
      const before = await smsSettings.get(tx, { account, region }, ['settings']);
      smsSettings.set(tx, { account, region }, ['settings'], { attributes: { ...before?.attributes, ...attributes } });
    });
    return {};
  },
});

export const getSmsAttributes = operation('GetSMSAttributes', {
  access: () => accountAccess('GetSMSAttributes'),
  async handle(input, { account, region }, { store }) {
    const { attributes = {} } = (await store.read((tx) => smsSettings.get(tx, { account, region }, ['settings']))) ?? {};
    const wanted = input.attributes ?? [];
    return { attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => wanted.length === 0 || wanted.includes(name))) };
  },
});

function requireNumber(number: string | undefined, name: string): string {
  if (number === undefined || number === '') throw missingParameter(name);
  if (!isTelephoneNumber(number)) throw invalidParameter(`PhoneNumber Reason: input incorrectly formatted`);
  return number;
}

export const checkIfPhoneNumberIsOptedOut = operation('CheckIfPhoneNumberIsOptedOut', {
  access: () => accountAccess('CheckIfPhoneNumberIsOptedOut'),
  handle(input) {
    requireNumber(input.phoneNumber, 'phoneNumber');
    return { isOptedOut: false };
  },
});

export const listPhoneNumbersOptedOut = operation('ListPhoneNumbersOptedOut', {
  access: () => accountAccess('ListPhoneNumbersOptedOut'),
  handle(input) {
    if (input.nextToken !== undefined) throw invalidParameter('nextToken');
    return { phoneNumbers: [] };
  },
});

export const optInPhoneNumber = operation('OptInPhoneNumber', {
  access: () => accountAccess('OptInPhoneNumber'),
  handle(input) {
    requireNumber(input.phoneNumber, 'phoneNumber');
    return {};
  },
});

export const listOriginationNumbers = operation('ListOriginationNumbers', {
  access: () => accountAccess('ListOriginationNumbers'),
  handle: () => ({ PhoneNumbers: [] }),
});

export const getSmsSandboxAccountStatus = operation('GetSMSSandboxAccountStatus', {
  access: () => accountAccess('GetSMSSandboxAccountStatus'),
  // Any number can be written to.
  handle: () => ({ IsInSandbox: false }),
});

export const createSmsSandboxPhoneNumber = operation('CreateSMSSandboxPhoneNumber', {
  access: () => accountAccess('CreateSMSSandboxPhoneNumber'),
  async handle(input, { account, region }, { store, clock, random, mailbox }) {
    const number = requireNumber(input.PhoneNumber, 'PhoneNumber');
    const place = { account, region };
    await store.transact(async (tx) => {
      const known = await sandboxNumbers.list(tx, place, [], { limit: sandboxNumbersMax + 1 });
      if (known.some(({ parts, row }) => parts[0] === number && row.status === 'Verified')) return;
      if (known.length >= sandboxNumbersMax && !known.some(({ parts }) => parts[0] === number)) throw userError(`At most ${sandboxNumbersMax} telephone numbers can be in the sandbox`);
      const code = String(Math.floor(random.fraction() * 1_000_000)).padStart(6, '0');
      sandboxNumbers.set(tx, place, [number], { status: 'Pending', code, language: input.LanguageCode ?? 'en-US', untilMs: clock.now() + verificationMs });
      mailbox.put(tx, { kind: 'sms', service: 'sns', ...place, from: 'NOTICE', to: number, body: `Your verification code is ${code}`, details: { code } });
    });
    return {};
  },
});

export const verifySmsSandboxPhoneNumber = operation('VerifySMSSandboxPhoneNumber', {
  access: () => accountAccess('VerifySMSSandboxPhoneNumber'),
  async handle(input, { account, region }, { store, clock }) {
    const number = requireNumber(input.PhoneNumber, 'PhoneNumber');
    const place = { account, region };
    await store.transact(async (tx) => {
      const row = await sandboxNumbers.get(tx, place, [number]);
      if (!row) throw resourceNotFound();
      if (row.code !== input.OneTimePassword || row.untilMs <= clock.now()) throw verificationFailed('The one-time password is wrong or has expired');
      sandboxNumbers.set(tx, place, [number], { ...row, status: 'Verified' });
    });
    return {};
  },
});

export const deleteSmsSandboxPhoneNumber = operation('DeleteSMSSandboxPhoneNumber', {
  access: () => accountAccess('DeleteSMSSandboxPhoneNumber'),
  async handle(input, { account, region }, { store }) {
    const number = requireNumber(input.PhoneNumber, 'PhoneNumber');
    await store.transact(async (tx) => {
      if (!(await sandboxNumbers.get(tx, { account, region }, [number]))) throw resourceNotFound();
      sandboxNumbers.clear(tx, { account, region }, [number]);
    });
    return {};
  },
});

export const listSmsSandboxPhoneNumbers = operation('ListSMSSandboxPhoneNumbers', {
  access: () => accountAccess('ListSMSSandboxPhoneNumbers'),
  async handle(input, place, { store }) {
    const limit = Math.min(input.MaxResults ?? pageSize, pageSize);
    if (limit < 1) throw invalidParameter('MaxResults');
    const after = decodeToken(input.NextToken);
    const rows = await store.read((tx) => sandboxNumbers.list(tx, place, [], { limit: limit + 1, ...(after === undefined ? {} : { after: [after] }) }));
    const page = rows.slice(0, limit).map(({ parts, row }) => ({ PhoneNumber: String(parts[0]), Status: row.status }));
    const last = page.at(-1);
    return { PhoneNumbers: page, ...(rows.length > limit && last ? { NextToken: encodeToken(last.PhoneNumber) } : {}) };
  },
});
