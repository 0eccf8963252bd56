// How long fetching something for functions may take and whom it keeps waiting.

/** An invocation waits this long at most for what its function needs; AWS's own clients give up after 60 s. */
export const fetchWaitMs = 45_000;
/** The package manager is ended then. */
export const fetchMs = 5 * 60_000;
/** After a failure the next function that asks tries again, not sooner than this. */
export const fetchRetryMs = 60_000;
export const fetchProgressMs = 5_000;
