/** How far a signature's date may be from ours: 15 minutes (IAM guide, "Troubleshoot signed requests": "Signature expired"). */
export const clockSkewMsMax = 15 * 60_000;

/** Longest life of a presigned request: seven days (S3 API reference, "Authenticating Requests: Using Query Parameters"). */
export const presignSecondsMax = 604_800;

/** Signing keys kept per process; each costs one entry of about 200 bytes and saves four HMACs per request. */
export const signingKeysMax = 1_000;

/** Deepest nesting of a request body. Our own bound: AWS documents 32 levels for DynamoDB items; recursive shapes elsewhere stay far below. */
export const nestingMax = 128;

/** Parameters of one form body. Our own bound: IAM's and CloudFormation's largest documented requests stay below a tenth of it. */
export const formParametersMax = 20_000;

/** Longest text a model's pattern is tried on where the model gives no length: keeps any regular expression harmless. */
export const patternTextMax = 20_000;

/** Violations one answer lists, and characters of one value it shows: our own bounds, so that a hostile request cannot make a huge answer. */
export const violationsMax = 100;
export const constraintValueCharsMax = 2_048;

/** Least size of all chunks of an `aws-chunked` body but the last (S3 API reference, "Transferring payload in multiple chunks"). */
export const chunkBytesMin = 8_192;
/** A line of chunk framing is `size;chunk-signature=64 digits`; and the trailers of one body. Our own bounds. */
export const chunkLineBytesMax = 128;
export const trailerBytesMax = 4_096;

/** How far a compressed request body may grow: repetitive metrics reach 50 to 1; beyond 200 it is an attack. Our own bounds. */
export const inflationRatioMax = 200;
export const inflatedBytesAlways = 64 * 1024;

/** A large JSON document without its blobs. Our own bound: what CreateFunction takes beside its package stays below a twentieth of it. */
export const sievedDocumentBytesMax = 1024 * 1024;
