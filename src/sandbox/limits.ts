// Every number that the sandbox enforces, with where it comes from. "Quotas" is
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

/** Lambda answers 413 with this very number ("Exceeded maximum allowed payload size (6291556 bytes)."): 6 MB and 100 bytes. */
export const responseBytesMax = 6_291_556;
/** A streamed response: 200 MB (Quotas, "Maximum response payload size" of response streaming). */
export const streamedBytesMax = 209_715_200;
/** What of a streamed response may be on its way before the function waits for its reader; the bootstraps know this number. */
export const streamWindowBytes = 256 * 1024;
/** What each piece of it counts on top of its bytes, so that a flood of tiny ones is bounded as well; the bootstraps know this number too. */
export const streamPartOverheadBytes = 256;
/** A runtime that breaks off its response is mostly one that ends: its exit says more, and comes within this time. */
export const brokenResponseMs = 200;
/** Processes and threads of one environment (Quotas, "Execution processes/threads"). */
export const processesMax = 1024;
/** File descriptors (Quotas, "File descriptors"). */
export const filesMax = 1024;
/** 1,769 MB have the equivalent of one vCPU (Lambda guide, "Configure Lambda function memory"). */
export const megabytesPerVcpu = 1769;
/** One scheduling period: 20 ms instead of the kernel's 100 ms halves the stalls of a throttled function. */
export const cpuPeriodMicroseconds = 20_000;
/** The kernel refuses a smaller quota. */
export const cpuQuotaMicrosecondsMin = 1_000;

/** One log event (CloudWatch Logs quotas, "Event size"): longer output is cut into several. */
export const logRecordBytesMax = 256 * 1024;
/** Output beyond the burst is read at this pace; the function waits in its write, nothing is lost and nothing piles up here. */
export const outputBytesPerSecond = 4 * 1024 * 1024;
export const outputBurstBytes = 8 * 1024 * 1024;
/** Each record costs this much of the budget on top of its bytes, so that a flood of empty lines is bounded as well. */
export const outputRecordOverheadBytes = 200;
/** Where back-pressure cannot act (what is in the pipes when a process ends), output beyond this debt is dropped, with a notice. */
export const outputDebtBytesMax = 2 * outputBurstBytes;

/** Frames that our bootstraps send, in bytes of body. Anything longer is not from our bootstrap. */
export const helloBytesMax = 4 * 1024;
export const errorDocumentBytesMax = responseBytesMax;
export const outputFrameBytesMax = 1024 * 1024;

/** Sandbox users. Below are people and services, above are subordinate ids and systemd's own ranges. */
export const sandboxUidFirst = 20_000;
export const sandboxUidLast = 29_999;

/** How long a killed tree may take to vanish before its launcher is killed too. */
export const killGraceMs = 10_000;
/** How long the last members of a cgroup may take to be gone. What is left then is reaped at the next start. */
export const groupRemovalMs = 10_000;
/** After the launcher's exit the last output may take this long to be read. */
export const lastOutputMs = 1_000;
/** How often memory and process counts are looked at where no cgroup enforces them. */
export const pollIntervalMs = 50;

/** Connections that one environment may hold open to its own endpoint. AWS's JavaScript clients use 50 at most each. */
export const endpointConnectionsMax = 256;
/** Of the Runtime API inside an environment: Lambda's own, which the guide's examples show in AWS_LAMBDA_RUNTIME_API. */
export const runtimeApiPort = 9001;
/** Where the AWS Parameters and Secrets extension answers (Secrets Manager user guide, "Use AWS Secrets Manager secrets in AWS Lambda functions"). */
export const secretsExtensionPort = 2773;
/** Connections that one environment may hold open to its own Runtime API. Official clients use one or two. */
export const runtimeApiConnectionsMax = 64;
export const runtimeApiHeaderBytesMax = 64 * 1024;

/** What every slot is started with: /tmp of the default size (Quotas, "/tmp directory storage"), and room for an interpreter. */
export const slotTemporaryMegabytes = 512;
export const slotMemoryBytes = 128 * 1024 * 1024;
/** An interpreter that is not ready by then is given up. */
export const slotBootMs = 20_000;
/** How many slots of a kind wait: this many at first, up to the maximum as functions ask for them. */
export const slotsMin = 2;
export const slotsMax = 16;
/** Kinds of slot (interpreter and locale, mostly) that are kept at a time. */
export const slotKindsMax = 8;
/** Slots that boot at the same time, so that refilling leaves a processor to those who wait for an answer. */
export const slotBootsMax = 2;
/** After a slot was taken, its function gets this long for its own start before another slot is booted. */
export const slotRefillDelayMs = 100;
/** Demand is counted over this time: as many slots are kept as were taken in the busiest such stretch of late. */
export const slotDemandWindowMs = 2_000;
/** Without a start for this long the number is halved; a kind at its minimum is given up after the longer time. */
export const slotShrinkMs = 60_000;
export const slotForgetMs = 900_000;
/** A kind whose slots do not start is left alone for this long. */
export const slotRetryMs = 30_000;
/** Below this much available memory no slot is booted, and those that wait are given up. */
export const slotFreeMemoryMin = 384 * 1024 * 1024;
/** How often memory and idleness are looked at. */
export const slotCheckMs = 5_000;

/** An environment that has had nothing to do for this long is frozen; a request that comes before finds it awake. */
export const freezeAfterMs = 5;
/** So long at most, when it was woken again within this time: at 20 requests a second freezing is not worth its price. */
export const freezeAfterMsMax = 80;
export const soonWokenMs = 50;

/** A helper that ended is started again after this long; after twice as long, up to the maximum, while it does not stay. */
export const helperRestartMsMin = 100;
export const helperRestartMsMax = 30_000;
/** One that ran for this long stayed. */
export const helperSteadyMs = 60_000;

// Extensions: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
/** "You can register up to ten extensions for a function." */
export const extensionsMax = 10;
/** The page names no numbers for these two. */
export const extensionNameCharactersMax = 128;
export const extensionBodyBytesMax = 64 * 1024;
/** "Shutdown phase": with external extensions. */
export const shutdownMs = 2_000;

// Telemetry: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html, "buffering". The older Logs API has a larger default.
export const telemetryItemsMin = 1_000;
export const telemetryItemsMax = 10_000;
export const telemetryItemsDefault = { telemetry: 1_000, logs: 10_000 } as const;
export const telemetryBytesMin = 262_144;
export const telemetryBytesMax = 1_048_576;
export const telemetryMsMin = 25;
export const telemetryMsMax = 30_000;
export const telemetryMsDefault = 1_000;
/** Events from before somebody subscribes, and how many buffers full may wait for one that does not take them. */
export const telemetryBacklogBytesMax = 1_048_576;
export const telemetryBufferTimes = 4;
/** An attempt to hand over a batch, how many there are, and the wait between them. */
export const telemetryAttemptMs = 5_000;
export const telemetryAttempts = 3;
export const telemetryRetryMs = 100;

/** Copies of a snapshot that wait to be restored: the next one is made when it is taken. */
export const snapshotSpares = 1;
/** AWS names no path that may be relied on: clients follow AWS_CONTAINER_CREDENTIALS_FULL_URI. */
export const credentialsPath = '/2021-04-23/credentials';
