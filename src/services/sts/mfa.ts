import type { Call } from '../../framework/context.ts';
import type { MfaDirectory } from '../../ports/identity.ts';
import { errors } from './errors.ts';

interface MfaInput {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}

/**
 * The condition keys of a request that came with a code, and of the session it makes; none without one. Throws when the code is
 * not right. `how` is `check` before permissions are looked at and `use` when the session is made: then the code is spent.
 */
export async function requireMfa({ SerialNumber: serialNumber, TokenCode: code }: MfaInput, call: Call, mfa: MfaDirectory, how: 'check' | 'use'): Promise<Record<string, string>> {
  if (serialNumber === undefined && code === undefined) return {};
  if (serialNumber === undefined || code === undefined) throw errors.mfaIncomplete();
  const attempt = { caller: call.caller, serialNumber, code };
  const answer = how === 'check' ? await mfa.checkCode(attempt) : await mfa.useCode(attempt);
  if (answer === 'unknown-device') throw errors.unknownMfaDevice();
  if (answer === 'wrong') throw errors.wrongMfaCode();
  // The age follows from the time (policy/context.ts).
  return { 'aws:MultiFactorAuthPresent': 'true', 'haneul:MultiFactorAuthTime': String(call.nowMs) };
}
