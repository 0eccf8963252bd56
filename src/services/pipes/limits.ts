// EventBridge user guide, "Amazon EventBridge Pipes quotas", unless something else is named.

/** "Pipes per account": 1,000 in each Region. */
export const pipesMax = 1_000;
/** "Batching behavior": how many events a target takes at once. */
export const batchMaxOf = { lambda: 10_000, logs: 10_000, sqs: 10, sns: 10, events: 10, api: 1 } as const;
/** API reference, PipeSourceSqsQueueParameters: "The default is 10"; a FIFO queue has no more and no window (Lambda developer guide). */
export const queueBatchDefault = 10;
export const fifoBatchMax = 10;
/** Lambda quotas, "Invocation payload": 6 MB to a function that is waited for, 1 MB to one that is not; also of what an enrichment answers. */
export const payloadBytesMax = 6_291_456;
export const eventBytesMax = 1_048_576;
/** PutLogEvents: one event with its 26 bytes. */
export const logEventBytesMax = 1_048_576;
/** Batches of one pipe under way at once: begins with five, as event source mappings do. */
export const batchesAtOnceFirst = 5;
export const batchesAtOnceMax = 20;
/** How often a role's permissions to read are looked at again. */
export const roleCheckMs = 10_000;
/** How often the rows are looked at when nothing tells that they changed, and how many in one read. */
export const scanMs = 5_000;
export const pageRows = 100;
export const tagsMax = 50;
/** Of the payloads in a log record (user guide, "Logging Amazon EventBridge Pipes": a record is cut at 256 KB). */
export const loggedPayloadChars = 200_000;
