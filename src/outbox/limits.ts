/** The largest events of any service are 1 MB (Lambda quotas, "Invocation payload"; an entry of PutEvents), and senders write around them what they need. */
export const payloadBytesMax = 1024 * 1024 + 128 * 1024;
/** Longer payloads are stored in parts of this size. */
export const partBytes = 64 * 1024;
/** As EventBridge has it: "24 hours and up to 185 times" (EventBridge user guide, "Retry policy and using dead-letter queues"). */
export const maximumAgeMsDefault = 86_400_000;
export const maximumAttemptsDefault = 185;

/** Deliveries to one ARN at once, unless its target says otherwise. */
export const targetConcurrencyDefault = 16;
/** Deliveries at once in all: at the largest payload two gigabytes, and room for 128 targets that hang. */
export const inFlightMax = 2_048;
/** Longer than the longest function runs (15 minutes). */
export const deliveryMsMax = 16 * 60_000;

export const retryMsFirst = 1_000;
export const retryMsMax = 300_000;
/** How often a server that hears nothing looks whether there is something. */
export const safetyScanMs = 5_000;
/** Queue rows that a target's dispatcher reads at a time. */
export const pageRows = 64;

/** As long as SQS keeps a message at most (SQS quotas, "Message retention"). */
export const deadKeptMs = 14 * 86_400_000;
/** Longer parts of keys are stored as their SHA-256. */
export const keyPartBytesMax = 256;
export const deadPageMax = 1_000;
