// Numbers of KMS (developer guide, "Quotas", unless another page is named).

export const aliasesPerKey = 50;
export const grantsPerKey = 50_000;
/** The resource quota "Key policy document size": 32 KB. */
export const policyBytesMax = 32 * 1024;
/** "Tagging keys": 50 tags, 128 and 256 characters (those two are in the model). */
export const tagsMax = 50;
/** API reference, ScheduleKeyDeletion: 7 to 30 days, 30 unless told otherwise. */
export const deletionDays = { min: 7, max: 30, usual: 30 } as const;
/** API reference, EnableKeyRotation: 90 to 2,560 days (in the model), 365 unless told otherwise. */
export const rotationDaysUsual = 365;
/** API reference, RotateKeyOnDemand: 25 for every key, ever. */
export const onDemandRotationsMax = 25;
/** API reference, GetParametersForImport: the token and the key are valid for 24 hours. */
export const importTokenMs = 24 * 3_600_000;
/** API reference, ImportKeyMaterial: ValidTo lies at most 365 days ahead. */
export const importedMaterialDaysMax = 365;
/** API reference, Encrypt: 4,096 bytes (in the model). */
export const plaintextBytesMax = 4_096;
/** "Encryption context": 8,192 bytes, counted as the UTF-8 of all names and values. */
export const encryptionContextBytesMax = 8_192;
/** API reference, GrantConstraints: 8 pairs, 384 bytes. */
export const grantConstraintBytesMax = 384;
export const grantConstraintPairsMax = 8;

/** How long the pages of the list operations are unless told otherwise (API reference): 100 keys, 50 of the rest. */
export const keysPerPage = 100;
export const itemsPerPage = 50;

/** Unwrapped keys that stay in memory, our own: the least recently used go first. */
export const materialsCachedMax = 2_000;
/** Grants to one principal on one key that a request looks at, our own. */
export const grantsPerCallerMax = 1_000;
export const dayMs = 24 * 3_600_000;

/** Messages under one derived key (ours): SP 800-38D, 8.3, allows 2^32 with IVs at random. */
export const messagesPerKey = 65_536;
/** Derived keys kept for each material that is in use (ours). */
export const messageKeysCachedMax = 16;

/** Uses of keys wait this long to be written together (ours), so many at most. */
export const lastUseFlushMs = 5_000;
export const lastUsesNotedMax = 2_000;
