// API reference, CreateTopic, "Name".
export const topicNameLengthMax = 256;
// Amazon SNS quotas, "Message publishing": 256 KB, with the attributes; a batch as a whole, too.
export const messageBytesMax = 262_144;
/** A form has three characters for most bytes that are no letters. */
export const publishRequestBytesMax = 1_048_576;
export const batchEntriesMax = 10;
// API reference, Publish, "Subject".
export const subjectLengthMax = 100;
// API reference, Publish, "MessageDeduplicationId" and "MessageGroupId".
export const identifierLengthMax = 128;
export const deduplicationMs = 300_000;
// Developer guide, "Message attributes": names up to 256 characters.
export const attributeNameLengthMax = 256;
// SQS takes no more with raw delivery; SNS itself names no number.
export const messageAttributesMax = 100;
// Amazon SNS quotas: subscriptions of a FIFO topic.
export const fifoSubscriptionsMax = 100;
/** Amazon SNS quotas: 12,500,000 for a standard topic, which is more than one machine serves. */
export const subscriptionsMax = 100_000;
export const tagsMax = 50;
export const pageSize = 100;
// Developer guide, "Filter policy constraints".
export const filterKeysMax = 5;
export const filterCombinationsMax = 150;
export const filterBytesMax = 262_144;
export const filterDepthMax = 64;
/** Amazon SNS quotas: filter policies of a topic. */
export const filterPoliciesMax = 200;
/** What is known of filters is kept for so many topics. */
export const knownTopicsMax = 1_000;
// Developer guide, "Confirm the subscription": valid for two days.
export const confirmationMs = 2 * 86_400_000;
/** Deliveries that one transaction makes at most. */
export const fanOutMax = 100;
export const fanOutBytesMax = 2 * 1_048_576;
/** Of a FIFO topic, so that messages of one group always go the same way. */
export const fifoFanOutMax = 8;
// Developer guide, "Message delivery retries".
export const managedRetry = { attemptsMax: 100_015, ageMs: 23 * 86_400_000 };
export const mailRetry = { attemptsMax: 50, ageMs: 6 * 3_600_000 };
export const httpPolicySecondsMax = 3_600;
export const httpRetriesMax = 100;
/** "Amazon SNS waits 15 seconds for a response" (developer guide, "HTTP/HTTPS notifications"). */
export const httpAnswerMs = 15_000;
/** Nothing in an answer is used; more of it is not read. */
export const httpAnswerBytesMax = 64 * 1_024;
/** Requests to one endpoint under way at once. */
export const deliveriesAtOnce = 8;
// API reference, SetTopicAttributes, "ArchivePolicy".
export const archiveDaysMax = 365;
export const archiveChunkBytes = 64 * 1_024;
export const archiveSweepMs = 3_600_000;
export const replayPageRows = 20;
export const policyBytesMax = 30_720;
export const permissionActionsMax = 7;
// Developer guide, "Publishing SMS messages to a mobile phone": 1,600 characters.
export const smsCharactersMax = 1_600;
export const sandboxNumbersMax = 10;
// Developer guide, "Adding and verifying phone numbers in the SMS sandbox": a code is valid for fifteen minutes.
export const verificationMs = 15 * 60_000;
