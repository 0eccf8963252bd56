// "Amazon SQS message quotas", "queue quotas" and the API reference unless a line says otherwise.

export const queueNameLengthMax = 80;
export const messageBytesMax = 1_048_576;
export const messageBytesMin = 1_024;
export const batchBytesMax = 1_048_576;
export const batchEntriesMax = 10;
export const receivedMessagesMax = 10;
export const messageAttributesMax = 10;
export const attributeNameLengthMax = 256;
export const groupIdLengthMax = 128;
export const visibilitySecondsMax = 43_200;
export const delaySecondsMax = 900;
export const waitSecondsMax = 20;
export const retentionSecondsMin = 60;
export const retentionSecondsMax = 1_209_600;
export const maxReceiveCountMax = 1_000;
export const tagsMax = 50;
export const listResultsMax = 1_000;
/** FIFO queues had 20,000 until November 2024 ("Amazon SQS increases in-flight limit for FIFO queues from 20K to 120K"). */
export const inFlightMax = 120_000;
export const deduplicationMs = 300_000;
export const purgeIntervalMs = 60_000;
export const recreateIntervalMs = 60_000;
/** Of AddPermission. */
export const permissionActionsMax = 7;
/** "A policy can include a maximum of 8,192 bytes, 20 statements" ("Amazon SQS policy quotas"). */
export const policyStatementsMax = 20;
export const policyBytesMax = 8_192;
/** KMS API reference, KeyId. */
export const keyIdLengthMax = 2_048;
export const arnLengthMax = 256;
export const moveRateMax = 500;
export const moveTasksListedMax = 10;

/** A JSON string may spell every byte of a message with six characters. Our own. */
export const sendRequestBytesMax = 8 * 1_048_576;
/** Rows that carry their message themselves; longer messages are kept in parts beside it. Our own, as everything below. */
export const inlineBytesMax = 16 * 1_024;
export const partBytes = 88 * 1_024;
/** Rows of a queue that are read ahead for its receivers. */
export const readAheadRows = 256;
/** Of so many groups of a fair queue, so many messages each, are read ahead at once; the next reading goes on behind them. */
export const fairGroups = 64;
export const fairRows = 16;
/** Queues of which something is kept in memory. */
export const shelvesMax = 2_000;
export const knownQueuesMax = 10_000;
/** Data keys that are kept for their time. */
export const dataKeysMax = 2_000;
/** A hint of the store may be lost, so those who wait look again after this time. */
export const pollMs = 1_000;
/** Messages that one receive may find expired or send to a dead-letter queue before it answers with what it has. */
export const passedOverMax = 100;
/** Such transactions, one after the other, in one receive. */
export const roundsMax = 50;
export const sweepIntervalMs = 30_000;
export const sweepRowsMax = 500;
export const countPageRows = 2_000;
/** A move task moves so many in a transaction, and so many bytes. */
export const moveBatchMessages = 50;
export const moveBatchBytesMax = 4 * 1_048_576;
export const moveIntervalMs = 100;

/** Our own: a tracing header in the head of a request; the longest of X-Ray with a lineage has some 200 characters. */
export const traceHeaderCharsMax = 512;

/** Our own: source queues of one dead-letter queue that a redrive back to them is checked for. */
export const redriveSourcesMax = 1_000;
