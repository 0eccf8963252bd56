// EventBridge Scheduler user guide, "Quotas", unless something else is named.

/** "Number of schedule groups". */
export const groupsMax = 500;
export const tagsMax = 50;
/** API reference, RetryPolicy: what is taken when nothing is said. */
export const retryAttemptsDefault = 185;
export const eventAgeSecondsDefault = 86_400;
/** "The maximum size of the payload": 256 KB; Input of other targets than universal ones. */
export const inputBytesMax = 256 * 1024;
/** Occurrences that were missed longer ago (a server that was off) are not made up for. */
export const catchUpMsMax = 86_400_000;
/** Schedules of a deleted group that one step removes. */
export const removalSchedules = 100;
/** Client tokens are kept with what they made. */
export const pageRows = 1_000;
/** Input is kept in parts of at most so many bytes. */
export const inputPartBytes = 64 * 1024;
