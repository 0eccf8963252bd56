import type { Tag } from '@aws-sdk/client-ecr';
import { errors } from '../errors.ts';
import { resourceTagsMax } from '../limits.ts';
import type { RepositoryRow } from '../store.ts';

/** Tags with others added or changed. */
export function mergeTags(old: RepositoryRow['tags'], given: readonly Tag[]): RepositoryRow['tags'] {
  const merged = new Map(old);
  for (const { Key = '', Value = '' } of given) {
    if (Key === '' || Key.length > 128 || Value.length > 256) throw errors.invalidParameter("'tags' failed to satisfy constraint: 'Keys have 1 to 128 characters, values up to 256'");
    if (Key.toLowerCase().startsWith('aws:')) throw errors.invalidParameter("'tags' failed to satisfy constraint: 'Keys that begin with aws: are reserved'");
    merged.set(Key, Value);
  }
  if (merged.size > resourceTagsMax) throw errors.tooManyTags();
  return [...merged];
}
