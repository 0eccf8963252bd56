import { errors } from './errors.ts';
import { tagsMax } from './limits.ts';
import type { Tag } from './store.ts';

/** As a request has it. */
export interface GivenTag {
  readonly TagKey: string | undefined;
  readonly TagValue: string | undefined;
}

/** `current` with `given` put over it, within the rules of the service. */
export function mergeTags(current: readonly Tag[], given: readonly GivenTag[] = []): readonly Tag[] {
  const merged = new Map(current.map((tag) => [tag.TagKey, tag]));
  const seen = new Set<string>();
  for (const { TagKey = '', TagValue = '' } of given) {
    if (seen.has(TagKey)) throw errors.tag('Duplicate tag keys');
    if (/^aws:/i.test(TagKey)) throw errors.tag("Tag keys cannot start with 'aws:'");
    seen.add(TagKey);
    merged.set(TagKey, { TagKey, TagValue });
  }
  if (merged.size > tagsMax) throw errors.tag('Too many tags');
  return [...merged.values()];
}
