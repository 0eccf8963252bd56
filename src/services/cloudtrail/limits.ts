/** CloudTrail User Guide, "Working with CloudTrail event history": 90 days. */
export const retentionMs = 90 * 86_400_000;
/** LookupEvents API reference, MaxResults. */
export const pageMax = 50;
/** Rows that one request with an attribute looks at (ours): then a page may be short and have a token. */
export const scannedMax = 5_000;
/** Calls wait this long to be written together (ours); those of the last moment may be lost in a crash. */
export const flushMs = 500;
export const waitingMax = 10_000;
export const writtenAtOnce = 200;
/** Of a record (ours): a value of the store ends at 96 KiB. */
export const recordCharsMax = 32_768;
