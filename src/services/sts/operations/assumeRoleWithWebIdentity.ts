import { parseArn } from '../../../base/arn.ts';
import { readSessionTags } from '../domain/sessionTags.ts';
import { readTokenTags } from '../domain/tokenTags.ts';
import { errors } from '../errors.ts';
import { requireFederatedTrust } from '../federatedTrust.ts';
import { operation } from '../operation.ts';
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
    const trusted = requireFederatedTrust(role, { action: 'sts:AssumeRoleWithWebIdentity', provider: token.provider.arn, tags, conditions }, call, deps);
    const session = await issueRoleSession(
      {
        role: trusted,
        sessionName,
        durationSeconds: roleSessionSeconds(input.DurationSeconds, trusted),
        input,
        conditions: { ...tags.sessionConditions, ...singles(keys), 'aws:FederatedProvider': token.provider.arn },
        carried: tags.carried,
      },
      deps.identity,
    );
    return { ...session, SubjectFromWebIdentityToken: token.subject, Provider: token.provider.arn, Audience: token.audience };
  },
});

// IAM user guide, "Available keys for AWS OIDC federation".
function keysOf({ provider, subject, audience, methods }: VerifiedToken): Record<string, string | readonly string[]> {
  return { [`${provider.name}:aud`]: audience, [`${provider.name}:sub`]: subject, ...(methods.length > 0 && { [`${provider.name}:amr`]: methods }) };
}

// A session keeps keys of one value: policies use them as variables, `${issuer:sub}`.
function singles(keys: Readonly<Record<string, string | readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])));
}
