// Virtual MFA devices, and how a code is judged.

import { parseArn } from '../../base/arn.ts';
import type { Clock } from '../../base/clock.ts';
import type { ReadTransaction, Store, Transaction } from '../../kv/store.ts';
import type { Caller, MfaAttempt, MfaDirectory } from '../../ports/identity.ts';
import { findStep, stepMs } from './domain/totp.ts';
import { errors } from './errors.ts';
import { codeStepsAround } from './limits.ts';
import type { ResourceKind } from './onResource.ts';
import { resourceTables, type MfaDeviceRow } from './resourceStore.ts';
import { nameKey, scopeOf } from './store.ts';

export const mfaDevices: ResourceKind<MfaDeviceRow> = {
  table: resourceTables.mfaDevices,
  keyOf(serial, account) {
    const parsed = parseArn(serial);
    const name = /^mfa\/(?:.*\/)?([^/]+)$/.exec(parsed?.resource ?? '')?.[1];
    return parsed?.service === 'iam' && parsed.account === account && name !== undefined ? nameKey(name) : undefined;
  },
  arnOf: ({ path, name }, account) => mfaArn(account, path, name),
  arnOfAbsent: (serial, account) => (parseArn(serial) ? serial : mfaArn(account, '/', serial)),
  absent: (serial) => errors.noSuchMfaDevice(serial),
};

/** The serial number of a virtual device. */
export function mfaArn(account: string, path: string, name: string): string {
  return `arn:aws:iam::${account}:mfa${path}${name}`;
}

/** The name under which a caller's devices are kept; undefined for callers who can have none. */
export function mfaOwnerOf(caller: Caller): string | undefined {
  if (caller.kind === 'user') return caller.userName;
  return caller.kind === 'root' ? '' : undefined;
}

/** Devices as STS asks for them. Time is product time, as everywhere where something expires. */
export function createMfaDirectory(store: Store, clock: Clock): MfaDirectory {
  async function judge(tx: ReadTransaction, { caller, serialNumber, code }: MfaAttempt) {
    const owner = mfaOwnerOf(caller);
    const key = mfaDevices.keyOf(serialNumber, caller.account);
    const row = key === undefined ? undefined : await mfaDevices.table.get(tx, scopeOf(caller.account), [key]);
    if (key === undefined || !row || owner === undefined || row.userName === undefined || nameKey(row.userName) !== nameKey(owner)) return 'unknown-device';
    const expected = Math.floor(clock.now() / stepMs) + (row.driftSteps ?? 0);
    const step = findStep(row.seed, code, { first: Math.max(expected - codeStepsAround, (row.usedStep ?? -1) + 1), last: expected + codeStepsAround });
    return step === undefined ? 'wrong' : { key, row, step };
  }
  return {
    async checkCode(attempt) {
      const judged = await store.read((tx) => judge(tx, attempt));
      return typeof judged === 'string' ? judged : 'right';
    },
    useCode: (attempt) =>
      store.transact(async (tx: Transaction) => {
        const judged = await judge(tx, attempt);
        if (typeof judged === 'string') return judged;
        mfaDevices.table.set(tx, scopeOf(attempt.caller.account), [judged.key], { ...judged.row, usedStep: judged.step });
        return 'right';
      }),
  };
}
