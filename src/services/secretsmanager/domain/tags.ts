import { invalidParameter, limitExceeded } from '../errors.ts';
import { tagsMax } from '../limits.ts';

export type Tags = Readonly<Record<string, string>>;

export interface TagShape {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** The list of a request as one record. */
export function readTags(list: readonly TagShape[]): Tags {
  const tags: Record<string, string> = {};
  for (const { Key: key = '', Value: value = '' } of list) {
    if (key === '' || key === '__proto__') throw invalidParameter('A tag must have a valid Key.');
    if (/^aws:/i.test(key)) throw invalidParameter("Tag keys that begin with 'aws:' are reserved for AWS use.");
    if (Object.hasOwn(tags, key)) throw invalidParameter(`The tag key ${key} is in the request more than once.`);
    tags[key] = value;
  }
  return tags;
}

export function mergeTags(tags: Tags, added: Tags): Tags {
  const merged = { ...tags, ...added };
  if (Object.keys(merged).length > tagsMax) throw limitExceeded(`A secret can have at most ${tagsMax} tags.`);
  return merged;
}

export function withoutTags(tags: Tags, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));
}

export function formatTags(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
