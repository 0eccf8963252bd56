// Quotas: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html unless another source is named.

const dayMs = 86_400_000;

/** "Secret value size: 65,536 bytes". */
export const secretBytesMax = 65_536;
/** "Versions per secret: ~100". Versions without a label go first, oldest first, and none that is younger than a day. */
export const versionsMax = 100;
export const deprecatedVersionMsMin = dayMs;
/** "Labels attached across all versions of a secret: 20". */
export const stagesMax = 20;
/** API reference, CreateSecret: Tags, "Maximum number of tags per secret: 50". */
export const tagsMax = 50;
/** "Length of a resource-based policy: 20,480 characters". */
export const policyCharsMax = 20_480;
/** API reference, DeleteSecret: RecoveryWindowInDays. */
export const recoveryDaysMin = 7;
export const recoveryDaysMax = 30;
/** API reference, ListSecrets and ListSecretVersionIds: MaxResults. */
export const pageItemsMax = 100;
/** API reference, BatchGetSecretValue: "the default is 20". */
export const batchItemsMax = 20;
/** API reference, GetRandomPassword: "If you don't include this parameter, the default length is 32 characters." */
export const passwordCharsDefault = 32;
/** Regions that a secret is replicated to (ours; AWS has fewer regions than that). */
export const replicasMax = 40;
/** What the description, tags, labels and copies of a secret take together (ours: a row of the store). AWS counts them in characters, by themselves. */
export const secretRowBytesMax = 80 * 1_024;
/** Rows that a list reads at once (ours). */
export const scanRows = 250;
/** Attempts at one step of a rotation before it waits for the next rotation (ours; AWS says only that it retries). */
export const rotationAttemptsMax = 5;
/** User guide, "Rotation schedules": a rate has a unit of hours or days; the shortest is four hours. */
export const rotationHoursMin = 4;
export const rotationDaysMax = 1_000;
