// EventBridge user guide, "Amazon EventBridge quotas", unless something else is named.

/** "PutEvents request size": 1 MB since January 2026 (AWS Compute Blog, "More room to build: serverless services now support payloads up to 1 MB"). */
export const entriesBytesMax = 1_048_576;
/** What an event may be as JSON: its entry, and room for what is around it. */
export const eventBytesMax = entriesBytesMax + 64 * 1024;
/** Levels of objects and lists in a Detail; the service's JSON parser (Jackson) stops at as many. */
export const detailDepthMax = 1_000;
/** The request: escapes can make six characters of one. */
export const putEventsRequestBytesMax = 8 * 1024 * 1024;

export const busesMax = 100;
/** "Rules per event bus" is 300 and can be raised; this is as far as it goes here. */
export const rulesPerBusMax = 2_000;
export const targetsPerRuleMax = 5;
/** "Parameter EventPattern for rule … exceeds limit of 2048" (measured by others at the service; the model says 4096). */
export const patternCharactersMax = 2_048;
/** "Maximum policy size". */
export const policyBytesMax = 10_240;
export const tagsMax = 50;

/** A target's retries unless its RetryPolicy says otherwise ("Retry policy"). */
export const retryAttemptsDefault = 185;
export const eventAgeSecondsDefault = 86_400;

/** Written in one transaction for what events match; the rest follows in others. */
export const fanOutBytesMax = 4 * 1024 * 1024;
export const fanOutCountMax = 500;
/** Buses that an event may pass through: targets that feed each other end here, as loops of functions do on AWS. */
export const hopsMax = 16;

/** Compiled rules of so many buses are kept. */
export const knownBusesMax = 1_000;
/** Rows that are read at a time. */
export const pageRows = 1_000;

/** Occurrences of a schedule that were missed longer ago (a server that was off) are not made up for. */
export const catchUpMsMax = 86_400_000;

/** "Concurrent replays". */
export const activeReplaysMax = 10;
/** Events that a replay reads at a time. */
export const replayPageEvents = 100;
export const replayPageBytesMax = 2 * 1024 * 1024;
export const archivesMax = 100;
/** An archived event lies in rows of at most so many bytes. */
export const archivePartBytes = 64 * 1024;
/** Archived events that one step of a sweep removes. */
export const sweepEvents = 200;

export const connectionsMax = 3_000;
export const apiDestinationsMax = 3_000;
/** "Invocation rate limit per second". */
export const invocationRateDefault = 300;
/** "API destinations": "Requests from EventBridge to an API destination endpoint must have a maximum client execution timeout of 5 seconds". */
export const invocationMsMax = 5_000;
/** Of an answer, before the rest is cut off. */
export const answerBytesMax = 64 * 1024;
/** The longest that a Retry-After is believed. */
export const retryAfterMsMax = 3_600_000;
/** A token that an authorization endpoint gives no life. */
export const tokenMsDefault = 3_600_000;
export const tokenBytesMax = 16 * 1024;
/** CloudWatch Logs quotas, "Event size". */
export const logEventBytesMax = 1_048_576;
