import { errors } from '../errors.ts';
import { bucketTagsMax, objectTagsMax, tagKeyCharsMax, tagValueCharsMax } from '../limits.ts';

export type Tags = readonly (readonly [key: string, value: string])[];

interface GivenTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

// "Categorizing your objects using tags": letters, digits and spaces of any script, and + - = . _ : / @
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The tags of a request's document, checked. */
export function tagsOf(given: readonly GivenTag[] | undefined, kind: 'object' | 'bucket'): Tags {
  const tags = (given ?? []).map(({ Key = '', Value = '' }) => [Key, Value] as const);
  requireTags(tags, kind);
  return tags;
}

/** The tags of the `x-amz-tagging` header: query parameters. */
export function tagsOfHeader(text: string | undefined): Tags | undefined {
  if (text === undefined || text === '') return undefined;
  const tags = [...new URLSearchParams(text)].map(([key, value]) => [key, value] as const);
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    throw errors.invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", 'x-amz-tagging', text);
  }
  requireTags(tags, 'object');
  return tags;
}

/** As the API answers them. */
export function tagSetOf(tags: Tags | undefined): { Key: string; Value: string }[] {
  return (tags ?? []).map(([Key, Value]) => ({ Key, Value }));
}

function requireTags(tags: Tags, kind: 'object' | 'bucket'): void {
  if (kind === 'object' && tags.length > objectTagsMax) throw errors.badRequest(`Object tags cannot be greater than ${objectTagsMax}`);
  if (kind === 'bucket' && tags.length > bucketTagsMax) throw errors.badRequest(`Bucket tag count cannot be greater than ${bucketTagsMax}`);
  const seen = new Set<string>();
  for (const [key, value] of tags) {
    if (seen.has(key)) throw errors.invalidTag('Cannot provide multiple Tags with the same key', key);
    if (key === '' || [...key].length > tagKeyCharsMax || !allowed.test(key)) throw errors.invalidTag('The TagKey you have provided is invalid', key);
    if (key.toLowerCase().startsWith('aws:')) throw errors.invalidTag("System tags cannot be added/updated by requester", key);
    if ([...value].length > tagValueCharsMax || !allowed.test(value)) throw errors.invalidTag('The TagValue you have provided is invalid', key, value);
    seen.add(key);
  }
}
