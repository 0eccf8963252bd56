import { errors } from '../errors.ts';
import type { ObjectRow, Retention } from './objectRow.ts';

/** PutObjectLockConfiguration: what new objects get. */
export interface LockDefault {
  readonly mode?: 'GOVERNANCE' | 'COMPLIANCE' | undefined;
  readonly days?: number | undefined;
  readonly years?: number | undefined;
}

export interface LockMembers {
  readonly ObjectLockMode?: string | undefined;
  readonly ObjectLockRetainUntilDate?: Date | undefined;
  readonly ObjectLockLegalHoldStatus?: string | undefined;
}

const dayMs = 86_400_000;

/** The lock of a new object: what the request says, else the bucket's default. */
export function lockOf(members: LockMembers, isLocked: boolean, standard: LockDefault | undefined, nowMs: number): Pick<ObjectRow, 'retention' | 'legalHold'> {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = members;
  if (!isLocked) {
    if (mode !== undefined || until !== undefined || hold !== undefined) throw errors.invalidRequest('Bucket is missing Object Lock Configuration');
    return {};
  }
  if ((mode === undefined) !== (until === undefined)) throw errors.invalidArgument('x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied');
  const legalHold = hold === undefined ? {} : { legalHold: requireHold(hold) };
  if (mode !== undefined && until !== undefined) return { retention: requireRetention(mode, until, nowMs), ...legalHold };
  if (standard?.mode === undefined) return legalHold;
  const days = standard.days ?? (standard.years ?? 0) * 365;
  return { retention: { mode: standard.mode, untilMs: nowMs + days * dayMs }, ...legalHold };
}

export function requireRetention(mode: string, until: Date, nowMs: number): Retention {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw errors.invalidArgument('Unknown wormMode directive.', 'x-amz-object-lock-mode', mode);
  if (until.getTime() <= nowMs) throw errors.invalidArgument('The retain until date must be in the future!', 'x-amz-object-lock-retain-until-date', until.toISOString());
  return { mode, untilMs: until.getTime() };
}

export function requireHold(status: string): boolean {
  if (status !== 'ON' && status !== 'OFF') throw errors.invalidArgument('Legal Hold must be either of \'ON\' or \'OFF\'', 'x-amz-object-lock-legal-hold', status);
  return status === 'ON';
}

/** Why a version may not be removed; `bypass` is a governance bypass that the caller is allowed. */
export function isProtected({ retention, legalHold }: Pick<ObjectRow, 'retention' | 'legalHold'>, nowMs: number, bypass: boolean): boolean {
  if (legalHold) return true;
  if (!retention || retention.untilMs <= nowMs) return false;
  return retention.mode === 'COMPLIANCE' || !bypass;
}
