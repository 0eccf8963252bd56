import { invalidParameter, tooManyTags } from '../errors.ts';
import { tagsMax } from '../limits.ts';

export type Tags = Readonly<Record<string, string>>;

/** `tags` with `added` put over them, within the limits of the service. */
export function mergeTags(resourceName: string, tags: Tags, added: Tags): Tags {
  for (const key of Object.keys(added)) {
    if (/^aws:/i.test(key)) throw invalidParameter('Tag keys starting with aws: are reserved for system use.');
  }
  const merged = { ...tags, ...added };
  if (Object.keys(merged).length > tagsMax) throw tooManyTags(resourceName);
  return merged;
}

export function withoutTags(tags: Tags, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));
}
