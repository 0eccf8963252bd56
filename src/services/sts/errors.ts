// STS's errors in STS's words.

import { ServiceError } from '../../base/errors.ts';

export const errors = {
  accessDenied: (message: string) => new ServiceError('AccessDenied', message, { status: 403 }),
  missingToken: () => new ServiceError('MissingAuthenticationToken', 'Request is missing Authentication Token', { status: 403 }),
  invalidToken: () => new ServiceError('InvalidClientTokenId', 'The security token included in the request is invalid.', { status: 403 }),
  malformedPolicy: (message: string) => new ServiceError('MalformedPolicyDocumentException', message, { status: 400 }),
  invalidAuthorizationMessage: () => new ServiceError('InvalidAuthorizationMessageException', 'Message is not valid', { status: 400 }),
  packedPolicyTooLarge: (percent: number) =>
    new ServiceError('PackedPolicyTooLargeException', `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`, { status: 400 }),
  mfaIncomplete: () => new ServiceError('AccessDenied', 'MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. ', { status: 403 }),
  unknownMfaDevice: () =>
    new ServiceError('AccessDenied', 'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.', { status: 403 }),
  wrongMfaCode: () => new ServiceError('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code. ', { status: 403 }),
  invalidParameterValue: (message: string) => new ServiceError('InvalidParameterValue', message, { status: 400 }),
  sourceIdentityFixed: () => new ServiceError('AccessDenied', 'The source identity of a session cannot be changed by assuming another role.', { status: 403 }),
  notAuthorized: (action: string) => new ServiceError('AccessDenied', `Not authorized to perform ${action}`, { status: 403 }),

  noToken: () => invalidIdentityToken('The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)'),
  noProvider: (issuer: string) => invalidIdentityToken(`No OpenIDConnect provider found in your account for ${issuer}`),
  // The two spaces are STS's.
  noVerificationKey: () =>
    invalidIdentityToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"),
  wrongThumbprint: () => invalidIdentityToken("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"),
  wrongAudience: () => invalidIdentityToken('Incorrect token audience'),
  wrongSignature: () => invalidIdentityToken('The web identity token that was passed could not be validated by Amazon Web Services. Get a new identity token from the identity provider and then retry the request.'),
  wrongClaim: (claim: string) => invalidIdentityToken(`The web identity token that was passed has a missing or invalid ${claim} claim.`),
  expiredToken: (nowSeconds: number, expirySeconds: number) =>
    new ServiceError('ExpiredTokenException', `Token expired: current date/time ${nowSeconds} must be before the expiration date/time ${expirySeconds}`, { status: 400 }),
  providerUnreachable: () =>
    new ServiceError('IDPCommunicationErrorException', 'The identity provider that was asked to verify the incoming identity token could not be reached.', { status: 400 }),

  // IAM user guide, "Troubleshoot SAML federation with IAM"; the rest as STS answers it.
  noSamlProvider: () => invalidIdentityToken("Specified provider doesn't exist"),
  invalidSamlEncoding: () => invalidIdentityToken('Invalid base64 SAMLResponse'),
  invalidSamlResponse: () => invalidIdentityToken('Your request included an invalid SAML response.'),
  wrongResponseSignature: () => invalidIdentityToken('Response signature invalid'),
  unknownSamlIssuer: () => invalidIdentityToken('Issuer not present in specified provider'),
  wrongSamlAudience: () => invalidIdentityToken('Response does not contain the required audience.'),
  wrongSamlRecipient: () => invalidIdentityToken('Response does not contain the required recipient.'),
  noSamlSessionName: () => invalidIdentityToken('RoleSessionName is required in AuthnResponse'),
  wrongSamlSessionName: () => invalidIdentityToken('RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}'),
  wrongSamlSourceIdentity: () => invalidIdentityToken('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"'),
  wrongSamlDuration: () => invalidIdentityToken('SessionDuration in AuthnResponse must be between 900 and 43200'),
  samlTokenTooOld: () => new ServiceError('ExpiredTokenException', 'Token must be redeemed within 5 minutes of issuance', { status: 400 }),
  samlTokenExpired: () => new ServiceError('ExpiredTokenException', 'The SAML assertion has expired.', { status: 400 }),
  idpRejectedClaim: () => new ServiceError('IDPRejectedClaimException', 'The identity provider reported that authentication failed.', { status: 403 }),
  encryptedAssertion: () => invalidIdentityToken('Haneul does not support encrypted SAML assertions yet.'),

  expiredTradeInToken: () => new ServiceError('ExpiredTradeInTokenException', 'The trade-in token provided in the request has expired and can no longer be exchanged for credentials.', { status: 400 }),
  outboundFederationDisabled: () =>
    new ServiceError('OutboundWebIdentityFederationDisabledException', 'The outbound web identity federation feature is not enabled for this account.', { status: 403 }),

  /** AWS has no words for this: the member is served there. */
  notSupported: (member: string) => new ServiceError('ValidationError', `Haneul does not support ${member} yet.`, { status: 400 }),
  validation: (message: string) => new ServiceError('ValidationError', message, { status: 400 }),
};

const invalidIdentityToken = (message: string): ServiceError => new ServiceError('InvalidIdentityTokenException', message, { status: 400 });
