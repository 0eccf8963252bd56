/** A JSON document from this size on is taken apart while it comes, if it holds blobs. Smaller ones are parsed in a few milliseconds. */
export const documentInPiecesBytesMin = 1024 * 1024;
/** A body that came whole is handed to those who read streams in pieces of this size. */
export const pieceBytes = 64 * 1024;

/** Denials that a server remembers for `haneul why`. At about 4 KB each they take a few megabytes. */
export const denialsKept = 1_000;

/** Statements that nearly allowed, told per denial. */
export const nearMissesMax = 5;

/** Condition keys told per denial, and values of each. */
export const contextKeysMax = 64;
export const contextValueCharsMax = 512;

/** Of a longer statement the beginning is told. */
export const statementCharsMax = 2_048;

/** STS API reference, DecodeAuthorizationMessage: length of EncodedMessage. */
export const encodedMessageCharsMax = 10_240;

/** The same refusal to a service that tries again is told this much later, and so many are remembered as told. */
export const repeatedDenialMs = 60_000;
export const repeatedDenialsMax = 1_000;

/** SQS API reference, ReceiveMessage: MaxNumberOfMessages and WaitTimeSeconds. */
export const queueReceiveMax = 10;
export const queueLongPollMs = 20_000;
/** How long whoever reads a queue waits when it is not there or may not be read, and when it answers at once with nothing. */
export const queueTroubleMs = 10_000;
export const queuePauseMs = 1_000;
