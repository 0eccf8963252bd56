import { errors } from '../errors.ts';
import { rootSessionTokenSecondsMax, sessionTokenSecondsDefault } from '../limits.ts';
import { operation } from '../operation.ts';
import { requireSigned } from '../requireSigned.ts';

// DEVIATION: AWS lets such a session call IAM only with MFA, and of STS only AssumeRole and GetCallerIdentity; here it may
// do whatever its user may.
export const getSessionToken = operation('GetSessionToken', {
  access: 'public',
  async handle(input, call, { identity }) {
    const caller = requireSigned(call);
    if (caller.kind === 'role-session') throw errors.accessDenied('Cannot call GetSessionToken with session credentials');
    if (input.SerialNumber !== undefined || input.TokenCode !== undefined) throw errors.wrongMfaCode();
    const wanted = input.DurationSeconds ?? sessionTokenSecondsDefault;
    // The root user's sessions are cut to one hour without a word (API reference, GetSessionToken).
    const durationSeconds = caller.kind === 'root' ? Math.min(wanted, rootSessionTokenSecondsMax) : wanted;
    const issued = await identity.issue({ caller, durationSeconds });
    return {
      Credentials: {
        AccessKeyId: issued.accessKeyId,
        SecretAccessKey: issued.secretAccessKey,
        SessionToken: issued.sessionToken,
        Expiration: new Date(issued.expiresAtMs),
      },
    };
  },
});
