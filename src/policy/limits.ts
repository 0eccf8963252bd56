// Bounds on what is parsed and kept. A policy is users' data, so nothing here may cost more than a few milliseconds.

/** The largest document taken, in characters. The largest of AWS's own quotas is far below (bucket policies: 20 KB); AWS-managed policies are the reason for the room. */
export const documentCharsMax = 128 * 1024;

/** Statements in one document; AWS states no number, its size quotas allow about 250. */
export const statementsMax = 1_000;

/** Compiled documents that one cache keeps. */
export const compiledPoliciesMax = 2_000;

/** Resources for which one set of policies remembers its statements; only of actions that so many of them are about. */
export const rememberedResourcesMax = 64;
export const filteredCandidatesMin = 4;

/** Actions for which one set of policies remembers its statements. */
export const rememberedActionsMax = 1_000;
