// How long fetching an SDK may take and whom it keeps waiting.

/** An invocation waits this long at most for an SDK that its function asks for; AWS's own clients give up after 60 s. */
export const sdkWaitMs = 45_000;
/** The package manager is ended then. */
export const sdkFetchMs = 5 * 60_000;
/** After a failure the next function that asks tries again, not sooner than this. */
export const sdkRetryMs = 60_000;
export const sdkProgressMs = 5_000;

/** How much of a package is searched for the name of the SDK. What is larger is taken to use it. */
export const searchedFilesMax = 500;
export const searchedBytesMax = 16 * 1024 * 1024;
export const searchedPackagesMax = 256;

/** What the pinned versions run on: their package.json says Node.js 20, and 18 was AWS's first with version 3; boto3 1.42 needs 3.9. */
export const oldestInterpreter = { node: [18, 0], python: [3, 9] } as const;
