// API reference, AssumeRole: DurationSeconds.
export const assumeRoleSecondsDefault = 3_600;
/** For a role that is assumed with another role's credentials (user guide, "Role chaining"). */
export const chainedSecondsMax = 3_600;

// API reference, GetSessionToken: DurationSeconds.
export const sessionTokenSecondsDefault = 43_200;
export const rootSessionTokenSecondsMax = 3_600;

/** API reference, GetFederationToken: DurationSeconds. */
export const federationTokenSecondsDefault = 43_200;

/** Characters of all inline and managed session policies and tags that STS packs into a session (IAM quotas, "Session policies"). */
export const sessionPolicyCharsMax = 2_048;
export const sessionPolicyArnsMax = 10;
