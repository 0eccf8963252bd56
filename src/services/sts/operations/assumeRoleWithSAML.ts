import { parseArn } from '../../../base/arn.ts';
import { readSessionTags } from '../domain/sessionTags.ts';
import { errors } from '../errors.ts';
import { requireFederatedTrust } from '../federatedTrust.ts';
import { operation } from '../operation.ts';
import { issueRoleSession, roleSessionSeconds } from '../roleSession.ts';
import { readAssertion, type SamlIdentity } from '../saml/readAssertion.ts';
import { verifyResponse } from '../saml/verifyResponse.ts';

export const assumeRoleWithSAML = operation('AssumeRoleWithSAML', {
  // Nobody has signed the request: the assertion says who asks, and the role's trust policy whether that is enough.
  access: 'public',
  async handle(input, call, deps) {
    const { RoleArn: roleArn = '', PrincipalArn: providerArn = '', SAMLAssertion: encoded = '' } = input;
    if (!parseArn(roleArn)) throw errors.validation(`${roleArn} is invalid`);
    if (!parseArn(providerArn)) throw errors.validation(`${providerArn} is invalid`);
    const provider = await deps.federation.findSamlProvider(providerArn);
    if (!provider) throw errors.noSamlProvider();
    if (provider.validUntilMs !== undefined && provider.validUntilMs <= call.nowMs) throw errors.samlTokenExpired();
    const identity = readAssertion(verifyResponse(encoded, provider), provider, call.nowMs);
    if (!identity.roles.some((pair) => namesBoth(pair, roleArn, providerArn))) throw errors.notAuthorized('sts:AssumeRoleWithSAML');

    const { tags: given, transitiveKeys, sourceIdentity } = identity;
    const tags = readSessionTags({ tags: given, transitiveKeys, sourceIdentity });
    const keys = sessionKeys(identity);
    const conditions = {
      ...identity.attributeKeys,
      ...keys,
      'saml:aud': identity.recipient,
      'saml:iss': identity.issuer,
      'saml:doc': `${provider.account}/${provider.name}`,
      'sts:RoleSessionName': identity.roleSessionName,
      ...tags.requestConditions,
    };
    const role = requireFederatedTrust(await deps.identity.findRole(roleArn), { action: 'sts:AssumeRoleWithSAML', provider: provider.arn, tags, conditions }, call, deps);
    const session = await issueRoleSession(
      {
        role,
        sessionName: identity.roleSessionName,
        durationSeconds: endingInTime(roleSessionSeconds(input.DurationSeconds, role), identity, call.nowMs),
        input,
        conditions: { ...tags.sessionConditions, ...keys, 'aws:FederatedProvider': provider.arn },
        carried: tags.carried,
      },
      deps.identity,
    );
    const { subject: Subject, subjectType: SubjectType, issuer: Issuer, recipient: Audience, nameQualifier: NameQualifier } = identity;
    return { ...session, Subject, SubjectType, Issuer, Audience, NameQualifier };
  },
});

// IAM user guide, "Available keys for SAML-based AWS STS federation": these are there in later requests too.
function sessionKeys({ subject, subjectType, nameQualifier }: SamlIdentity): Record<string, string> {
  return { 'saml:sub': subject, 'saml:sub_type': subjectType, 'saml:namequalifier': nameQualifier };
}

// "a comma-separated pair": documented as role and provider, taken in either order.
function namesBoth(pair: string, roleArn: string, providerArn: string): boolean {
  const names = pair.split(',').map((name) => name.trim());
  return names.length === 2 && names.includes(roleArn) && names.includes(providerArn);
}

// API reference, DurationSeconds: "or until the time specified in the SAML authentication response's SessionNotOnOrAfter value, whichever is shorter".
function endingInTime(seconds: number, { sessionEndsAtMs }: SamlIdentity, nowMs: number): number {
  return sessionEndsAtMs === undefined ? seconds : Math.max(1, Math.min(seconds, Math.floor((sessionEndsAtMs - nowMs) / 1_000)));
}
