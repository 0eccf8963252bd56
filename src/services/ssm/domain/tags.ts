import { tooManyTags, validation } from '../errors.ts';
import { tagsMax } from '../limits.ts';

export type Tags = Readonly<Record<string, string>>;

/** The list of a request as one record; of a key that comes twice the last counts. */
export function readTags(list: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]): Tags {
  const tags: Record<string, string> = {};
  for (const { Key: key = '', Value: value = '' } of list) {
    if (/^aws:/i.test(key)) throw validation('Tag keys starting with aws: are reserved for system use.');
    if (key === '__proto__') throw validation('The tag key is not valid.');
    tags[key] = value;
  }
  return limited(tags);
}

export function mergeTags(tags: Tags, added: Tags): Tags {
  return limited({ ...tags, ...added });
}

export function withoutTags(tags: Tags, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));
}

function limited(tags: Tags): Tags {
  if (Object.keys(tags).length > tagsMax) throw tooManyTags();
  return tags;
}
