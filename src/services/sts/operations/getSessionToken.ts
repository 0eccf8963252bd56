import { errors } from '../errors.ts';
import { rootSessionTokenSecondsMax, sessionTokenSecondsDefault } from '../limits.ts';
import { requireMfa } from '../mfa.ts';
import { operation } from '../operation.ts';
import { requireSigned } from '../requireSigned.ts';
import { checkTokenSize, describeCredential } from '../roleSession.ts';

// DEVIATION: AWS lets such a session call IAM only with MFA, and of STS only AssumeRole and GetCallerIdentity; here it may
// do whatever its user may.
export const getSessionToken = operation('GetSessionToken', {
  access: 'public',
  async handle(input, call, { identity, mfa }) {
    const caller = requireSigned(call);
    const isSession = caller.kind === 'role-session' || caller.kind === 'federated-user' || call.head.headers['x-amz-security-token'] !== undefined;
    if (isSession) throw errors.accessDenied('Cannot call GetSessionToken with session credentials');
    checkTokenSize(input);
    const conditions = await requireMfa(input, call, mfa, 'use');
    const wanted = input.DurationSeconds ?? sessionTokenSecondsDefault;
    // The root user's sessions are cut to one hour without a word (API reference, GetSessionToken).
    const durationSeconds = caller.kind === 'root' ? Math.min(wanted, rootSessionTokenSecondsMax) : wanted;
    return { Credentials: describeCredential(await identity.issue({ caller, durationSeconds, conditions })) };
  },
});
