import { parseArn } from '../../../base/arn.ts';
import type { Call } from '../../../framework/context.ts';
import { contextOf } from '../../../policy/context.ts';
import { decide } from '../../../policy/decide.ts';
import type { RoleDescription } from '../../../ports/identity.ts';
import { readSessionTags } from '../domain/sessionTags.ts';
import { readTokenTags } from '../domain/tokenTags.ts';
import { errors } from '../errors.ts';
import { operation, type StsDeps } from '../operation.ts';
import { issueRoleSession, roleSessionSeconds } from '../roleSession.ts';
import { type VerifiedToken, verifyToken } from '../web-identity/verifyToken.ts';

export const assumeRoleWithWebIdentity = operation('AssumeRoleWithWebIdentity', {
  // Nobody has signed: the token says who asks, and the role's trust policy whether that is enough.
  access: 'public',
  async handle(input, call, deps) {
    const { RoleArn: roleArn = '', RoleSessionName: sessionName = '' } = input;
    const account = parseArn(roleArn)?.account;
    if (account === undefined) throw errors.validation(`${roleArn} is invalid`);
    // OAuth 2.0 access tokens of Facebook and Login with Amazon, which only those can tell the meaning of.
    if (input.ProviderId !== undefined) throw errors.notSupported('ProviderId');
    const token = await verifyToken(input.WebIdentityToken ?? '', { account, nowMs: call.nowMs }, deps);
    const tags = readSessionTags(readTokenTags(token.claims));
    const role = await deps.identity.findRole(roleArn);
    const keys = keysOf(token);
    const conditions = { ...keys, 'sts:RoleSessionName': sessionName, ...tags.requestConditions };
    const actions = ['sts:AssumeRoleWithWebIdentity', ...(tags.count > 0 ? ['sts:TagSession'] : []), ...(tags.carried?.sourceIdentity !== undefined ? ['sts:SetSourceIdentity'] : [])];
    for (const action of actions) if (!role || !trusts(role, action, token, { call, conditions, deps })) throw errors.notAuthorized(action);
    if (!role) throw errors.notAuthorized('sts:AssumeRoleWithWebIdentity');
    const session = await issueRoleSession(
      {
        role,
        sessionName,
        durationSeconds: roleSessionSeconds(input.DurationSeconds, role),
        input,
        conditions: { ...tags.sessionConditions, ...singles(keys), 'aws:FederatedProvider': token.provider.arn },
        carried: tags.carried,
      },
      deps.identity,
    );
    return { ...session, SubjectFromWebIdentityToken: token.subject, Provider: token.provider.arn, Audience: token.audience };
  },
});

interface Asked {
  readonly call: Call;
  readonly conditions: Readonly<Record<string, string | readonly string[]>>;
  readonly deps: StsDeps;
}

function trusts(role: RoleDescription, action: string, { provider }: VerifiedToken, { call, conditions, deps }: Asked): boolean {
  const principal = { kind: 'federated', provider: provider.arn } as const;
  const { nowMs, region, sourceIp, head } = call;
  const secureTransport = call.endpoint.startsWith('https:');
  const context = contextOf({ principal, nowMs, region, sourceIp, secureTransport, userAgent: head.headers['user-agent'], resourceAccount: role.account, keys: conditions });
  const request = { principal, action, resource: role.arn, context };
  return decide(deps.policies, request, { identity: [], resource: { source: role.arn, document: role.trustPolicy }, resourceRequired: true }).decision === 'allow';
}

// IAM user guide, "Available keys for AWS OIDC federation".
function keysOf({ provider, subject, audience, methods }: VerifiedToken): Record<string, string | readonly string[]> {
  return { [`${provider.name}:aud`]: audience, [`${provider.name}:sub`]: subject, ...(methods.length > 0 && { [`${provider.name}:amr`]: methods }) };
}

// A session keeps keys of one value: policies use them as variables, `${issuer:sub}`.
function singles(keys: Readonly<Record<string, string | readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])));
}
