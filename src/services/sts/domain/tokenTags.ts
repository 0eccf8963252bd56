import type { SessionTagInput } from './sessionTags.ts';

/**
 * Session tags and source identity that a token brings with it (user guide, "Passing session tags using
 * AssumeRoleWithWebIdentity"): the identity provider sets them, not the caller.
 */
export function readTokenTags(claims: Readonly<Record<string, unknown>>): SessionTagInput {
  const { principal_tags: given, transitive_tag_keys: transitive } = recordOf(claims['https://aws.amazon.com/tags']);
  const sourceIdentity = claims['https://aws.amazon.com/source_identity'];
  const tags = Object.entries(recordOf(given)).flatMap(([Key, values]) => {
    const value: unknown = Array.isArray(values) ? values[0] : values;
    return typeof value === 'string' ? [{ Key, Value: value }] : [];
  });
  return {
    tags,
    transitiveKeys: Array.isArray(transitive) ? transitive.filter((key) => typeof key === 'string') : [],
    ...(typeof sourceIdentity === 'string' && { sourceIdentity }),
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
