/** "Creating, configuring, and working with Amazon S3 general purpose buckets", quotas: buckets of an account. */
export const bucketsMax = 10_000;

/** "Object key naming guidelines": UTF-8 bytes. */
export const keyBytesMax = 1_024;
/** The same in a row's key, where every NUL takes two bytes (ours). */
export const packedKeyBytesMax = keyBytesMax + 400;
/** "Bucket naming rules" of the buckets of before 2018. */
export const bucketNameCharsMax = 255;

/** API reference, PutObject: one request; a copy too. */
export const singlePutBytesMax = 5 * 1024 ** 3;

/** "Amazon S3 multipart upload limits": an object of 10,000 parts of 5 GiB (50 TB since December 2025). */
export const objectBytesMax = 50 * 1024 ** 4;
export const partNumberMax = 10_000;
/** Of every part but the last. */
export const partBytesMin = 5 * 1024 ** 2;
export const partBytesMax = 5 * 1024 ** 3;

/** "Working with object metadata": user-defined metadata, names and values together. */
export const metadataBytesMax = 2 * 1024;

/** API reference: what one page of a listing holds at most. */
export const pageMax = 1_000;
/** API reference, DeleteObjects. */
export const deletedAtOnceMax = 1_000;

/** "Categorizing your objects using tags". */
export const objectTagsMax = 10;
export const bucketTagsMax = 50;
export const tagKeyCharsMax = 128;
export const tagValueCharsMax = 256;

/** "Policies and permissions": a bucket policy. */
export const policyBytesMax = 20 * 1024;
/** "Elements of a CORS configuration". */
export const corsRulesMax = 100;
/** API reference, PutBucketLifecycleConfiguration. */
export const lifecycleRulesMax = 1_000;
/** API reference, PutBucketReplication. */
export const replicationRulesMax = 1_000;
/** "Access control list (ACL) overview". */
export const grantsMax = 100;
/** API reference, PutBucketWebsite. */
export const routingRulesMax = 50;
/** Our own: what is kept in rows instead of files. A row ends at 96 KiB (kv/limits.ts). */
export const inlineBytesMax = 64 * 1024;
/** Our own: pieces that one part may be made of before it is copied into one. */
export const slicesOfPartMax = 1_000;
/** Our own: how many pieces or parts one row of a manifest holds. */
export const manifestPageMax = 500;
/** Our own: the body of a request that is a document (a configuration, a list of keys or of parts). */
export const documentBytesMax = 2 * 1024 ** 2;
/** "POST Object restrictions": form fields before the file; and our own for the head of one field. */
export const formFieldsBytesMax = 20 * 1024;
export const formHeadBytesMax = 4 * 1024;
/** Our own: how long lines of an access log wait to be delivered (AWS: "most log records are delivered within a few hours"). */
export const logDeliveryMs = 5 * 60_000;
/** Our own: lines that wait to be written, lines of one write, and lines of one delivery. */
export const waitingLinesMax = 10_000;
export const writtenLinesMax = 200;
export const logLinesOfDelivery = 500;
/** Our own: a tracing header in the head of a request; the longest of X-Ray with a lineage has some 200 characters. */
export const traceHeaderCharsMax = 512;
