import type { CarriedOver, RoleDescription, SessionIssuer, TemporaryCredential } from '../../ports/identity.ts';
import { readSessionPolicies, type SessionPolicyInput } from './domain/sessionPolicies.ts';
import { errors } from './errors.ts';
import { assumeRoleSecondsDefault, sessionTokenChars } from './limits.ts';

export interface RoleSessionRequest {
  readonly role: RoleDescription;
  readonly sessionName: string;
  readonly durationSeconds: number;
  readonly input: SessionPolicyInput & { readonly MinimumSessionTokenSize?: number | undefined };
  /** Condition keys of every later request. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly carried?: CarriedOver | undefined;
}

/** Makes a session of a role, in the members that every way of assuming one answers. */
export async function issueRoleSession({ role, sessionName, durationSeconds, input, conditions, carried }: RoleSessionRequest, issuer: SessionIssuer) {
  checkTokenSize(input);
  const narrowed = await readSessionPolicies(input, role.account, issuer);
  const arn = `arn:aws:sts::${role.account}:assumed-role/${role.roleName}/${sessionName}`;
  const userId = `${role.roleId}:${sessionName}`;
  const caller = { kind: 'role-session', account: role.account, arn, userId, roleArn: role.arn, roleName: role.roleName, sessionName, ...(carried && { carried }) } as const;
  const issued = await issuer.issue({ caller, durationSeconds, conditions, ...(narrowed && { policies: narrowed.policies }) });
  return {
    Credentials: describeCredential(issued),
    AssumedRoleUser: { AssumedRoleId: userId, Arn: arn },
    ...(narrowed && { PackedPolicySize: narrowed.packedPercent }),
    ...(carried?.sourceIdentity !== undefined && { SourceIdentity: carried.sourceIdentity }),
  };
}

/** Throws where a request wants longer session tokens than there are. */
export function checkTokenSize({ MinimumSessionTokenSize: wanted = 0 }: { readonly MinimumSessionTokenSize?: number | undefined }): void {
  if (wanted > sessionTokenChars) throw errors.notSupported(`MinimumSessionTokenSize above ${sessionTokenChars}`);
}

/** A session's keys as STS answers them. */
export function describeCredential(issued: TemporaryCredential) {
  return {
    AccessKeyId: issued.accessKeyId,
    SecretAccessKey: issued.secretAccessKey,
    SessionToken: issued.sessionToken,
    Expiration: new Date(issued.expiresAtMs),
  };
}

/** How long a session of the role lasts. */
export function roleSessionSeconds(wanted: number | undefined, role: RoleDescription): number {
  const seconds = wanted ?? assumeRoleSecondsDefault;
  if (seconds > role.maxSessionSeconds) throw errors.validation('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  return seconds;
}
