// Quotas: IAM user guide, "IAM and AWS STS quotas" (defaults; `…Max` of sizes count characters without white space).

export const rolesPerAccount = 1_000;
export const usersPerAccount = 5_000;
export const groupsPerAccount = 300;
export const policiesPerAccount = 1_500;

export const attachedPoliciesMax = { role: 10, user: 10, group: 10 } as const;
export const inlineCharsMax = { role: 10_240, user: 2_048, group: 5_120 } as const;

/** No IAM quota: the smallest document that passes has about 60 characters, so the quota on their size ends before this. */
export const inlinePoliciesMax = 250;

export const managedPolicyCharsMax = 6_144;
export const trustPolicyCharsMax = 2_048;
export const policyVersionsMax = 5;
export const accessKeysPerUser = 2;
export const groupsPerUser = 10;
export const tagsMax = 50;

/** API reference, CreateRole: MaxSessionDuration. */
export const sessionSecondsDefault = 3_600;

/** API reference, "MaxItems": the default; the model holds the maximum. */
export const pageItemsDefault = 100;

/**
 * White space does not count for any quota, but it is stored. A document longer than this is stored without it, so that
 * every document fits into one value of the store.
 */
export const storedDocumentCharsMax = 32_000;

/** How long the row of an expired session stays, so that its key is answered with "expired" rather than "unknown". */
export const expiredSessionMsMax = 24 * 3_600_000;
/** Expired sessions cleared by each session that is made; more than one, so that they cannot pile up. */
export const expiredSessionsPerIssue = 4;

/** Uses of actions and keys that are noted in memory between two writes. */
export const notedUsesMax = 20_000;
/** What is noted is written this long after the first of it. AWS's own figures appear within hours. */
export const useFlushMs = 5_000;
export const usesPerWrite = 500;

/** How long an access report can be fetched. */
export const reportJobMsMax = 24 * 3_600_000;
export const reportJobsPerCleanup = 20;
/** Users and roles that one access report looks at. */
export const entitiesPerReport = 1_000;
/** Actions of one entity whose last use is kept; AWS has about as many in all services that are known here. */
export const actionUsesPerEntity = 5_000;

/** Organizations quotas: organisational units nest 5 deep below the root; 5 policies attached to each. */
export const controlLevelsMax = 6;
export const controlPoliciesPerLevel = 5;

/** Callers whose policies are kept in memory. */
export const cachedCallersMax = 1_000;
/** Rows of a table that many requests read (credentials, users and roles): so many are kept decoded. */
export const rememberedRowsMax = 1_000;

/** How many missing roles are remembered as told of; then they are told of again. */
export const reportedRolesMax = 1_000;

export const instanceProfilesPerAccount = 1_000;
export const openIdProvidersPerAccount = 100;
export const clientIdsPerProvider = 100;
/** API reference, CreateOpenIDConnectProvider: ThumbprintList. */
export const thumbprintsPerProvider = 5;
/** IAM quotas, "Identity providers (IdPs)": SAML providers of one account. */
export const samlProvidersPerAccount = 100;
/** DEVIATION: AWS takes 10 million. Metadata of one provider has a hundredth of it; only federations of hundreds have more. */
export const samlMetadataCharsMax = 200_000;
/** What one row holds of it: UTF-8 takes at most three bytes for each. */
export const samlMetadataPartChars = 30_000;
/** Certificates that one provider may sign with; AWS names no number. */
export const samlCertificatesMax = 10;
/** Where the metadata names no end, a provider is valid this long, as on AWS. */
export const samlValidYears = 100;

/** IAM quotas, "IAM object quotas". */
export const serverCertificatesPerAccount = 20;
/** DEVIATION: AWS takes 2 million; with the certificate it has to fit into one value of the store. */
export const certificateChainCharsMax = 60_000;

/** API reference, UpdateAccountPasswordPolicy: MinimumPasswordLength. */
export const passwordLengthMin = 6;
/** API reference, GenerateCredentialReport: how long one is given again. */
export const credentialReportFreshMs = 4 * 3_600_000;
/** As many as users (IAM quotas, "Virtual MFA devices"). */
export const mfaDevicesPerAccount = 5_000;
export const mfaDevicesPerUser = 8;
/** Steps of 30 seconds before and after the right one at which a code is taken: devices' clocks are not exact. */
export const codeStepsAround = 1;
/** The same when a device is made somebody's or resynchronised: two codes in a row say where its clock is. */
export const codeStepsAroundSync = 20;
export const mfaSeedBytes = 40;
