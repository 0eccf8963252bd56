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
