import { parseArn } from '../../../base/arn.ts';
import { assert } from '../../../base/errors.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { Input } from '../../../framework/shapes.ts';
import type { RoleDescription, SessionGrant } from '../../../ports/identity.ts';
import { readSessionPolicies } from '../domain/sessionPolicies.ts';
import { readSessionTags } from '../domain/sessionTags.ts';
import { errors } from '../errors.ts';
import { assumeRoleSecondsDefault, chainedSecondsMax } from '../limits.ts';
import { operation, type StsDeps } from '../operation.ts';
import { requireSigned } from '../requireSigned.ts';

type AssumeRoleInput = Input<typeof import('@aws-sdk/client-sts'), 'AssumeRole'>;

export const assumeRole = operation('AssumeRole', {

  async access(input, call, deps) {
    const { arn: resource, trustPolicy: resourcePolicy } = await requireRole(input, call, deps);
    const tags = readSessionTags(input.Tags);
    const conditions: Record<string, string | readonly string[]> = { 'sts:RoleSessionName': input.RoleSessionName ?? '', ...tags.requestConditions };
    if (input.ExternalId !== undefined) conditions['sts:ExternalId'] = input.ExternalId;
    if (input.SourceIdentity !== undefined) conditions['sts:SourceIdentity'] = input.SourceIdentity;
    const to = (action: string): AccessRequest => ({ action, resource, conditions, resourcePolicy, resourcePolicyRequired: true });
    return [
      to('sts:AssumeRole'),
      ...(tags.count > 0 ? [to('sts:TagSession')] : []),
      ...(input.SourceIdentity !== undefined ? [to('sts:SetSourceIdentity')] : []),
    ];
  },

  async handle(input, call, deps) {
    const role = await requireRole(input, call, deps);
    refuseUnsupported(input);
    const { RoleSessionName: sessionName, SourceIdentity: sourceIdentity } = input;
    assert(sessionName !== undefined, 'a required member is missing although constraints were checked');
    const durationSeconds = durationOf(input, call, role);
    const narrowed = await readSessionPolicies(input, role.account, deps.identity);
    const arn = `arn:aws:sts::${role.account}:assumed-role/${role.roleName}/${sessionName}`;
    const userId = `${role.roleId}:${sessionName}`;
    const grant: SessionGrant = {
      caller: { kind: 'role-session', account: role.account, arn, userId, roleArn: role.arn, roleName: role.roleName, sessionName },
      durationSeconds,
      conditions: { ...readSessionTags(input.Tags).sessionConditions, ...(sourceIdentity !== undefined && { 'aws:SourceIdentity': sourceIdentity }) },
      ...(narrowed && { policies: narrowed.policies }),
    };
    const issued = await deps.identity.issue(grant);
    return {
      Credentials: {
        AccessKeyId: issued.accessKeyId,
        SecretAccessKey: issued.secretAccessKey,
        SessionToken: issued.sessionToken,
        Expiration: new Date(issued.expiresAtMs),
      },
      AssumedRoleUser: { AssumedRoleId: userId, Arn: arn },
      ...(narrowed && { PackedPolicySize: narrowed.packedPercent }),
      ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    };
  },
});

// A role that does not exist is answered like one that trusts somebody else, so that nobody learns which roles there are.
async function requireRole(input: AssumeRoleInput, call: Call, { identity }: StsDeps): Promise<RoleDescription> {
  const caller = requireSigned(call);
  const roleArn = input.RoleArn ?? '';
  if (!parseArn(roleArn)) throw errors.validation(`${roleArn} is invalid`);
  const role = await identity.findRole(roleArn);
  if (!role) throw errors.accessDenied(`User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`);
  return role;
}

function durationOf(input: AssumeRoleInput, call: Call, role: RoleDescription): number {
  const seconds = input.DurationSeconds ?? assumeRoleSecondsDefault;
  if (call.caller.kind === 'role-session' && seconds > chainedSecondsMax) {
    throw errors.validation('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  }
  if (seconds > role.maxSessionSeconds) {
    throw errors.validation('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  return seconds;
}

function refuseUnsupported(input: AssumeRoleInput): void {
  // No MFA device can exist here, so no code can be right.
  if (input.SerialNumber !== undefined || input.TokenCode !== undefined) throw errors.wrongMfaCode();
  if ((input.TransitiveTagKeys?.length ?? 0) > 0) throw errors.notSupported('TransitiveTagKeys');
  if ((input.ProvidedContexts?.length ?? 0) > 0) throw errors.notSupported('ProvidedContexts');
}
