// Numbers of durable functions. "Guide" is https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html and its pages.

/** Guide, "Configure Lambda durable functions": 14 days unless given. */
export const retentionDaysDefault = 14;
/** AWS names no default; a day is ours. */
export const executionTimeoutSecondsDefault = 86_400;
/** Guide, "Invoking durable Lambda functions": synchronous invocations end after 15 minutes. */
export const waitedSecondsMax = 900;
/** API reference, GetDurableExecutionHistory and the other lists: `MaxItems`. */
export const itemsMax = 1_000;
export const itemsDefault = 100;
/** Operations that an invocation is given at once; the official clients ask for more with GetDurableExecutionState. */
export const givenOperationsMax = 1_000;
/** Their payloads, so that an event stays within what an invocation may be given. */
export const givenBytesMax = 4 * 1024 * 1024;
/** Ours: operations of one execution. */
export const operationsMax = 10_000;
/** Ours: updates in one checkpoint; the official clients send 200 at most. */
export const updatesMax = 1_000;
/** Ours: invocations in a row that end in an error, before the execution fails. */
export const failedRunsMax = 5;
export const failedRunWaitMs = 5_000;
/** A driving envelope waits for room as long as its execution may live. */
export const driveAttemptsMax = 1_000_000;
/** Stored apart from their rows when they are longer; a part of a long one. */
export const inlineTextBytesMax = 16 * 1024;
export const textPartBytes = 64 * 1024;
