// What is searched for the name of an SDK, and what the SDKs run on.

/** How much of a package is searched for the name of the SDK. What is larger is taken to use it. */
export const searchedFilesMax = 500;
export const searchedBytesMax = 16 * 1024 * 1024;
export const searchedPackagesMax = 256;

/** What the pinned versions run on: their package.json says Node.js 20, and 18 was AWS's first with version 3; boto3 1.42 needs 3.9. */
export const oldestInterpreter = { node: [18, 0], python: [3, 9] } as const;

/** Compiled code of all pinned clients is 17 MB, made in a second. */
export const codeCacheBytesMax = 128 * 1024 * 1024;
export const codeCacheMs = 60_000;
