// Whether a tag may be moved: API reference, PutImageTagMutability.
import type { RepositoryRow } from '../store.ts';

/** Whether a tag that is taken stays where it is. */
export function isTagFixed({ mutability, exclusions = [] }: Pick<RepositoryRow, 'mutability' | 'exclusions'>, tag: string): boolean {
  const isExcluded = exclusions.some((pattern) => matchesWildcard(pattern, tag));
  if (mutability === 'IMMUTABLE' || mutability === 'MUTABLE') return mutability === 'IMMUTABLE';
  return (mutability === 'IMMUTABLE_WITH_EXCLUSION') !== isExcluded;
}

/** `*` stands for any characters. Walks without going back more than to the last `*`, so that no pattern takes long. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let index = 0;
  let star = -1;
  let mark = 0;
  while (index < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      mark = index;
    } else if (pattern[at] === text[index]) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++mark;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
