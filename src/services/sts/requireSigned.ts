import type { Call } from '../../framework/context.ts';
import type { Caller } from '../../ports/identity.ts';
import { errors } from './errors.ts';

/** The caller, who may be anybody but must have signed. */
export function requireSigned(call: Call): Exclude<Caller, { kind: 'anonymous' }> {
  if (call.caller.kind === 'anonymous') throw errors.missingToken();
  return call.caller;
}
