// API reference, AssumeRole: DurationSeconds.
export const assumeRoleSecondsDefault = 3_600;
/** For a role that is assumed with another role's credentials (user guide, "Role chaining"). */
export const chainedSecondsMax = 3_600;

/** Characters of every session token made here (services/iam/provides.ts). */
export const sessionTokenChars = 256;

// API reference, GetSessionToken: DurationSeconds.
export const sessionTokenSecondsDefault = 43_200;
export const rootSessionTokenSecondsMax = 3_600;

/** API reference, GetFederationToken: DurationSeconds. */
export const federationTokenSecondsDefault = 43_200;

/** Characters of all inline and managed session policies and tags that STS packs into a session (IAM quotas, "Session policies"). */
export const sessionPolicyCharsMax = 2_048;
export const sessionPolicyArnsMax = 10;

/** API reference, AssumeRole: Tags. */
export const sessionTagsMax = 50;

/** IAM user guide, "Prerequisites for creating an OIDC identity provider": what tokens may be signed with. */
export const tokenAlgorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'] as const;

// Issuers of tokens are asked over the network by whoever sends a token: these bound what that costs. AWS names no numbers.
export const documentBytesMax = 256 * 1_024;
export const documentMsMax = 5_000;
export const issuersMax = 200;
/** How long an issuer's keys are used without asking again. */
export const keysStaleMs = 10 * 60_000;
/** An issuer is not asked more often than this, whatever keys the tokens name. */
export const keysFreshMs = 30_000;

/** API reference, AssumeRoleWithSAML: SAMLAssertion. */
export const samlResponseCharsMax = 100_000;
/** The response and its one assertion. */
export const samlSignaturesMax = 2;
/** "Token must be redeemed within 5 minutes of issuance", as STS says. */
export const assertionAgeMsMax = 5 * 60_000;
/** By how much the clock of an identity provider may be ahead. AWS names no number. */
export const samlClockSkewMs = 60_000;
