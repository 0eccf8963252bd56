import { parseArn } from '../../../base/arn.ts';
import { assert } from '../../../base/errors.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { Input } from '../../../framework/shapes.ts';
import type { RoleDescription } from '../../../ports/identity.ts';
import { readSessionTags } from '../domain/sessionTags.ts';
import { errors } from '../errors.ts';
import { chainedSecondsMax } from '../limits.ts';
import { requireMfa } from '../mfa.ts';
import { operation, type StsDeps } from '../operation.ts';
import { requireSigned } from '../requireSigned.ts';
import { issueRoleSession, roleSessionSeconds } from '../roleSession.ts';

type AssumeRoleInput = Input<typeof import('@aws-sdk/client-sts'), 'AssumeRole'>;

export const assumeRole = operation('AssumeRole', {
  async access(input, call, deps) {
    const { arn: resource, trustPolicy: resourcePolicy } = await requireRole(input, call, deps);
    const tags = tagsOf(input, call);
    const mfa = await requireMfa(input, call, deps.mfa, 'check');
    const conditions: Record<string, string | readonly string[]> = { 'sts:RoleSessionName': input.RoleSessionName ?? '', ...tags.requestConditions, ...mfa };
    if (input.ExternalId !== undefined) conditions['sts:ExternalId'] = input.ExternalId;
    const to = (action: string): AccessRequest => ({ action, resource, conditions, resourcePolicy, resourcePolicyRequired: true });
    return [
      to('sts:AssumeRole'),
      ...(tags.count > 0 ? [to('sts:TagSession')] : []),
      // A source identity that is handed on has to be allowed by every role on its way (user guide, "Monitor and control actions taken with assumed roles").
      ...(tags.carried?.sourceIdentity !== undefined ? [to('sts:SetSourceIdentity')] : []),
    ];
  },

  async handle(input, call, deps) {
    const role = await requireRole(input, call, deps);
    if ((input.ProvidedContexts?.length ?? 0) > 0) throw errors.notSupported('ProvidedContexts');
    const { RoleSessionName: sessionName } = input;
    assert(sessionName !== undefined, 'a required member is missing although constraints were checked');
    const durationSeconds = durationOf(input, call, role);
    const { sessionConditions, carried } = tagsOf(input, call);
    const mfa = await requireMfa(input, call, deps.mfa, 'use');
    return await issueRoleSession({ role, sessionName, durationSeconds, input, conditions: { ...sessionConditions, ...mfa }, carried }, deps.identity);
  },
});

function tagsOf({ Tags: tags, TransitiveTagKeys: transitiveKeys, SourceIdentity: sourceIdentity }: AssumeRoleInput, { caller }: Call) {
  return readSessionTags({ tags, transitiveKeys, sourceIdentity, caller });
}

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
  if (call.caller.kind === 'role-session' && (input.DurationSeconds ?? 0) > chainedSecondsMax) {
    throw errors.validation('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  }
  return roleSessionSeconds(input.DurationSeconds, role);
}
