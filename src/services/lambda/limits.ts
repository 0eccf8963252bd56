// Every number of the service, with its source. "Quotas" is https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

/** Quotas: "Deployment package (.zip file archive) size", direct upload. */
export const zippedBytesMax = 50 * 1024 * 1024;
/** Quotas: the same, unzipped, layers included. AWS's error text names this number. */
export const unzippedBytesMax = 262_144_000;
/** A package in a bucket may be as long as what is in it. */
export const zippedBytesFromBucketMax = 262_144_000;
/** AWS's error text for larger CreateFunction and UpdateFunctionCode requests: 50 MB in base64 and the other members. */
export const codeRequestBytesMax = 70_167_211;
/** Quotas: "Storage for uploaded functions": 75 GB. */
export const codeStorageBytesMax = 80_530_636_800;
/** AWS names no number; an archive needs one so that its directory fits into memory. */
export const archiveEntriesMax = 100_000;
/** Length of a path inside an archive, in bytes; deeper ones could not be opened by the function either (PATH_MAX is 4,096 with /var/task). */
export const archivePathBytesMax = 3_000;
/** Ours: a page of ListCodeSigningConfigs and ListFunctionsByCodeSigningConfig. */
export const signingConfigsPageMax = 1_000;
/** Quotas: "Function layers": five. */
export const layersMax = 5;
/** API reference, PublishLayerVersion: the name alone. */
export const layerNameLengthMax = 140;
/** Folders that layers were merged into and no environment needs now; the next cold start of their functions is faster with them. */
export const mergedFoldersIdleMax = 32;

/** Quotas: "Function memory allocation". */
export const memoryMegabytesMin = 128;
export const memoryMegabytesMax = 10_240;
/** Quotas: "Function timeout". */
export const timeoutSecondsMax = 900;
/** Quotas: "/tmp directory storage". */
export const ephemeralMegabytesMin = 512;
export const ephemeralMegabytesMax = 10_240;
/** Quotas: "Function environment variables": 4 KB, measured as one JSON object. */
export const environmentBytesMax = 4_096;
/** Quotas: "Function resource-based policy": 20 KB. */
export const policyBytesMax = 20_480;
/** Tags: https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html, "Tag restrictions". */
export const tagsMax = 50;

/** Quotas: "Invocation payload (request and response)", synchronous. */
export const requestPayloadBytesMax = 6_291_456;
/** The same, asynchronous: 1 MB. */
export const asyncPayloadBytesMax = 1_048_576;
/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html: "two more times", a minute and two minutes apart. */
export const eventRetriesMax = 2;
export const eventRetryMs = 60_000;
/** The same page: throttled events are tried again "for up to 6 hours". */
export const eventAgeMsMax = 6 * 3_600_000;
/** Their age ends them; at five minutes' wait six hours are some eighty attempts. */
export const eventAttemptsMax = 1_000;
/** The part of the host's environments that the events of one function may take at once, so that they leave room for who waits. More wait in their queue. */
export const eventsAtOncePart = 0.5;
/** The response may be 100 bytes longer; AWS's error text names this number. */
export const responsePayloadBytesMax = 6_291_556;
/** API reference, Invoke, X-Amz-Client-Context: "Up to 3,583 bytes of base64-encoded data". */
export const clientContextBytesMax = 3_583;
/** API reference, Invoke, LogResult: "The last 4 KB of the execution log". */
export const logTailBytesMax = 4_096;
/** A CloudWatch Logs event: 1 MB; longer lines are cut into several. */
export const logLineBytesMax = 256 * 1024;

/** Quotas: "Concurrent executions", per account and region. */
export const concurrentExecutionsMax = 1_000;
/** Reserved concurrency must leave this many: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
export const unreservedConcurrencyMin = 100;
/** https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html, "Understanding concurrency and requests per second": "10 times". */
export const requestsPerSecondEach = 10;
/** https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html: 1,000 environments of a function every 10 seconds, refilled continuously. */
export const environmentStartsAtOnceMax = 1_000;
export const environmentStartsPerSecond = 100;
/** https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: "130 seconds or the configured function timeout, whichever is higher". */
export const provisionedInitMsMin = 130_000;
/** https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html: a restore, its hooks included, has ten seconds. */
export const restoreMs = 10_000;
/** Initialised processes that are kept for their versions; beyond that the one that was used longest ago is initialised again when it is needed. */
export const snapshotsMax = 32;
/** What a snapshot is told of the life of its credentials, so that clients in it fetch others after the restore. */
export const snapshotCredentialMs = 60_000;
/** SnapStart takes no larger /tmp (the guide, "Supported features and limitations"). */
export const snapStartEphemeralMegabytesMax = 512;
/** Provisioned environments that start at one time, of all functions: they must not keep invocations from starting theirs. */
export const provisionedStartsAtOnceMax = 4;
/** AWS names no number for either: how often a start that fails is repeated at once, and when it is tried again after that. */
export const provisionedStartsFailedMax = 3;
export const provisionedRetryMs = 60_000;
/** How often provisioned environments are looked through for those whose credentials are past their half. */
export const provisionedSweepMs = 60_000;
/** API reference, ListProvisionedConcurrencyConfigs, MaxItems: 1 to 50. */
export const provisionedPageMax = 50;
/** How often the rows are read again, whatever hints say. */
export const provisionedScanMs = 60_000;
/** Environments of all functions on this host, when the operator names no other number. */
export const hostEnvironmentsMaxDefault = 200;
/** https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: "The Init phase is limited to 10 seconds". */
export const initMs = 10_000;
/** AWS names no number ("terminated after some time without invocations"); five to fifteen minutes are seen. */
export const environmentIdleMs = 7 * 60_000;
/** Credentials of an environment; AWS renews environments every few hours. */
export const credentialSeconds = 12 * 3_600;
/** An environment whose credentials end sooner than this after a timeout's length is replaced. */
export const credentialMarginMs = 60_000;

/** API reference, ListFunctions: "ListFunctions returns a maximum of 50 items in each response". */
export const listPageMax = 50;
/** API reference, GetFunction: the link to the code "is valid for 10 minutes". */
export const codeLocationMs = 10 * 60_000;

/** How often a warm environment's role is looked at again; AWS names no number for how long it goes on with a role that is gone. */
export const roleCheckMs = 10_000;

/** Runtimes for which environments wait when the server starts, and how many stored functions are looked at to find them. */
export const expectedAtStartMax = 4;
export const functionsSeenAtStartMax = 200;

/** The prelude of a streamed HTTP response is headers; node:http takes as much of them in requests. */
export const urlPreludeBytesMax = 64 * 1024;

// Event source mappings of queues: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
/** API reference, CreateEventSourceMapping, BatchSize: SQS default 10; FIFO 10 at most; more takes a batching window. */
export const queueBatchDefault = 10;
export const fifoBatchMax = 10;
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html: "Lambda starts processing five batches at a time". */
export const batchesAtOnceFirst = 5;
/** "each event poller can handle … up to 10 concurrent invokes": with-sqs guide, "Provisioned mode". */
export const batchesPerPoller = 10;
/** API reference, ProvisionedPollerConfig, for SQS. */
export const queuePollersMin = 2;
export const queuePollersMaxDefault = 200;
/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html: five filters by default, each up to 4,096 characters. */
export const filtersMax = 5;
export const filterBytesMax = 4_096;
/** API reference, ListEventSourceMappings: MaxItems up to 100 in each answer. */
export const mappingsPageMax = 100;
/** How long a mapping waits whose queue, function or permission is missing. AWS names no number. */
export const mappingTroubleMs = 10_000;
/** How often the rows are looked at when nothing tells that they changed. */
export const mappingScanMs = 5_000;
/** Waits of a batch whose function is throttled. */
export const throttleRetryMsFirst = 1_000;
export const throttleRetryMsMax = 60_000;

// Event source mappings of streams: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
export const streamBatchDefault = 100;
export const streamBatchMax = 10_000;
/** The same page, MaximumRecordAgeInSeconds: -1 for no limit, or at least a minute. */
export const recordAgeSecondsMin = 60;
/** A function's own waits between attempts at a batch; AWS names no numbers. */
export const streamRetryMsFirst = 1_000;
export const streamRetryMsMax = 60_000;
/** How long a look for records lasts, and how often shards are looked for when nothing says that one has ended. */
export const streamWaitMs = 20_000;
export const shardScanMs = 30_000;
/** Of one shard, read and not yet done: so much and no more waits in memory. */
export const shardRecordsMax = 20_000;
export const shardReadBytesMax = 6 * 1024 * 1024;
export const shardBytesMax = 24 * 1024 * 1024;
/** https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html: "a maximum size of 1 MB per shard"; then the window ends early. */
export const windowStateBytesMax = 1_048_576;
/** Rows are small: a longer state is kept in several. */
export const statePartBytes = 64 * 1024;

/** Records of the platform that wait for a process whose extensions may want them: one init and what came of it. */
export const untoldMax = 8;

// Recursion and tracing.
/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html: stopped after being invoked "approximately 16 times" in one chain. */
export const recursiveRunsMax = 16;
/** AWS names no numbers: a chain remembers its last functions, and a longer header is no trace header. */
export const lineageFunctionsMax = 32;
export const traceHeaderCharactersMax = 1_024;
/** https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html: the first request each second, and 5 % of the others. */
export const sampledPart = 0.05;

// Asynchronous invocation.
/** The guide, "Handling errors": throttled events wait from one second "to a maximum of 5 minutes". */
export const requeueMsFirst = 1_000;
export const requeueMsMax = 300_000;
/** The last failure of an event is kept for its destination's record, unless it is longer than this: rows are small. */
export const keptFailureBytesMax = 64 * 1024;
/** The guide, "Dead-letter queues": ErrorMessage has "the first 1 KB of the error message". */
export const deadLetterMessageCharactersMax = 1_024;
