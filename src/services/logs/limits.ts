// Quotas: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html unless another source is named.

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** API reference, PutLogEvents: "1,048,576 bytes … the sum of all event messages in UTF-8, plus 26 bytes for each log event". */
export const putBytesMax = 1_048_576;
export const eventOverheadBytes = 26;
/** API reference, PutLogEvents. */
export const putEventsMax = 10_000;
export const putSpanMsMax = dayMs;
export const putAgeMsMax = 14 * dayMs;
export const putFutureMsMax = 2 * hourMs;

/** API reference, GetLogEvents and FilterLogEvents: "as many log events as can fit in a response size of 1 MB (up to 10,000 log events)". */
export const pageEventsMax = 10_000;
export const pageBytesMax = 1_048_576;

/** API reference, DescribeLogGroups and DescribeLogStreams: "the default is up to 50 items". */
export const describeItemsDefault = 50;
/** Groups that one request with a name pattern looks at (ours). */
export const describeScanMax = 2_000;
/** API reference, FilterLogEvents: `startFromHead` false needs a `startTime` on or after 2024-01-01. */
export const filterBackwardsSinceMs = Date.UTC(2024, 0, 1);

/** API reference, TagResource: "As many as 50 tags can be associated with a CloudWatch Logs resource." */
export const tagsMax = 50;

/** API reference, PutRetentionPolicy: possible values. */
export const retentionDaysAllowed: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** FilterAndPatternSyntax: "There is a limit of 2 regex for each filter pattern … when filtering log events". */
export const patternRegexMax = 2;

/** API reference, StartLiveTail: an update every second with at most 500 events; for a slow client ten updates or 5,000 events wait. */
export const tailUpdateMs = 1_000;
export const tailEventsMax = 500;
export const tailQueueUpdatesMax = 10;
export const tailQueueEventsMax = 5_000;
/** API reference, StartLiveTail: "after it has been kept open for three hours". */
export const tailSessionMsMax = 3 * hourMs;
/** Quotas, "Live Tail": 15 concurrent sessions for each account. */
export const tailSessionsMax = 15;

/** Quotas: 2 subscription filters and 100 metric filters a log group, 10 resource policies an account and region. */
export const subscriptionsMax = 2;
export const metricFiltersMax = 100;
export const resourcePoliciesMax = 10;
/** API reference, PutResourcePolicy: "Length Constraints: Minimum length of 1. Maximum length of 5120" for one of the account. */
export const resourcePolicyCharactersMax = 5_120;
/** API reference, MetricTransformation: "up to three dimensions". */
export const metricDimensionsMax = 3;
/** User Guide, "Real-time processing of log data with subscriptions": delivery is retried for up to 24 hours. */
export const deliveryAgeMsMax = dayMs;

/** API reference, StartQuery: "The maximum is 50 log groups"; "the default is 10,000"; queries "time out after 60 minutes". */
export const queryGroupsMax = 50;
export const queryResultsMax = 10_000;
/** Quotas, "StartQuery": 100 concurrent queries of an account; results are there for seven days. */
export const activeQueriesMax = 100;
export const queryKeptMs = 7 * dayMs;
/** Quotas: 1,000 query definitions. */
export const queryDefinitionsMax = 1_000;
/** API reference, DescribeQueries and DescribeQueryDefinitions. */
export const queryItemsDefault = 1_000;

// Ours from here on.

/** How long an export task is remembered. */
export const exportKeptMs = 90 * dayMs;
/** Messages of one file of an export. */
export const exportFileBytes = 8 * 1024 * 1024;
/** Queries that run at once; the others wait. */
export const queriesAtOnce = 4;
/** Of wall time, for a query and for what its thread does with one page: a regular expression that does not end is ended then. */
export const queryMsMax = 15 * 60_000;
export const queryPageMsMax = 20_000;
export const queryPageEvents = 2_000;
export const queryPageBytes = 1024 * 1024;
/** Events that GetLogGroupFields looks at, and fields that it tells of each. */
export const sampledEventsMax = 1_000;
export const sampledFieldsMax = 200;

/** Log events of one message to a function, as JSON before it is packed: what cannot be packed smaller still fits into an event of 1 MB. */
export const forwardedBytesMax = 640 * 1024;
/** Lambda quotas: 1 MB for an asynchronous invocation. */
export const functionEventBytesMax = 1024 * 1024;
/** Minutes of metric filters with a default value that wait for their end. */
export const pendingDefaultsMax = 10_000;
/** Groups whose figures are recorded without looking them up again. */
export const figuredGroupsMax = 1_000;

/** A stream name is part of a key (kv/limits.ts); 512 characters outside the basic plane would not fit into one. */
export const streamNameBytesMax = 1_600;
/** A row holds so many bytes of messages: far enough below the 96 KiB that a stored value may have. */
export const rowBytesMax = 64 * 1024;
/** No row spans more time, so that a reader who starts at T needs no row that begins before T minus this. */
export const rowSpanMsMax = 1_000;
/** A longer message is stored in parts of this size, outside its row. */
export const messagePartBytesMax = 48 * 1024;
/** A page that has looked at so much is answered as it is, with a token: no request holds the event loop for long. */
export const pageScanBytesMax = 16 * 1024 * 1024;
export const pageScanRowsMax = 4_000;
/** Character steps of a filter pattern for one page, between two turns of the event loop (about 5 ms), and between two looks at that. */
export const pageMatchStepsMax = 64_000_000;
export const turnMatchStepsMax = 1_000_000;
export const regexSliceStepsMax = 64_000;
/** Positions of a compiled regular expression (a counted repetition takes one for each count). */
export const regexPositionsMax = 256;
/** Fields of a message that TestMetricFilter tells. */
export const extractedFieldsMax = 1_000;
/** How deep parentheses may nest in a JSON pattern. */
export const patternDepthMax = 32;
/** CloudWatch Logs allows one wildcard in a property selector and three in a pattern. */
export const selectorWildcardsMax = 1;
export const patternWildcardsMax = 3;

/** Function output: design.md §7. */
export const sinkDelayMs = 100;
export const sinkRowBytes = 64 * 1024;
/** What may wait for the store, for one stream and in all; beyond it the oldest events of the stream go, and a notice says so. */
export const sinkStreamBytesMax = 4 * 1024 * 1024;
export const sinkBytesMax = 64 * 1024 * 1024;
/** One commit of the sink. */
export const sinkCommitBytesMax = 2 * 1024 * 1024;
export const sinkRetryMs = 1_000;
/** Longer lines of functions are cut into several events, as Lambda does at the old event size of 256 KB. */
export const sinkMessageBytesMax = 256 * 1024 - eventOverheadBytes;

/** Rows that background removal takes out in one transaction (fewer where it has to read them), and how often it looks. */
export const removalRowsMax = 500;
export const removalStreamRowsMax = 64;
export const removalIntervalMs = 60_000;

/** Messages of one update of a live tail, and of all that wait for a slow client. */
export const tailUpdateBytesMax = 2 * 1024 * 1024;
export const tailQueueBytesMax = 8 * 1024 * 1024;
/** What one update looks at; the rest is left out, and the update says that it is a sample. */
export const tailScanBytesMax = 16 * 1024 * 1024;
export const tailArrivalsMax = 20_000;
export const tailArrivalsPageMax = 200;
/** Rows that one entry of the list of arrivals names: far enough below the 96 KiB of a stored value. */
export const arrivalRowsMax = 1_000;
/** A live tail reads its list every second; what is older than this, of wall time, nobody waits for. */
export const arrivalKeptMs = 5 * 60_000;
/** A session that is so old, of wall time, was left behind by a crash. */
export const tailLeftMs = tailSessionMsMax + 10 * 60_000;
