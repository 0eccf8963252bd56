import { invalidParameter, tagLimitExceeded } from '../errors.ts';
import { tagsMax } from '../limits.ts';

const keyPattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const valuePattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

interface Tag {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

/** Tags as they were given; `present` are those that stay. */
export function readTags(tags: readonly Tag[] | undefined, present: Readonly<Record<string, string>> = {}): Record<string, string> {
  const seen = new Set<string>();
  const merged: Record<string, string> = { ...present };
  for (const { Key: key = '', Value: value = '' } of tags ?? []) {
    if (!keyPattern.test(key) || /^aws:/i.test(key)) throw invalidParameter('Tags Reason: tag keys have 1 to 128 letters, digits, spaces or _ . : / = + - @, and do not begin with aws:');
    if (!valuePattern.test(value)) throw invalidParameter('Tags Reason: tag values have at most 256 letters, digits, spaces or _ . : / = + - @');
    if (seen.has(key)) throw invalidParameter('Duplicated keys are not allowed.');
    seen.add(key);
    merged[key] = value;
  }
  if (Object.keys(merged).length > tagsMax) throw tagLimitExceeded();
  return merged;
}
