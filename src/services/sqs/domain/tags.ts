import { invalidParameter } from '../errors.ts';
import { tagsMax } from '../limits.ts';

const keyPattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const valuePattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/** Tags as they were given; `present` are those that stay. */
export function readTags(given: Readonly<Record<string, string>> | undefined, present: Readonly<Record<string, string>> = {}): Record<string, string> {
  for (const [key, value] of Object.entries(given ?? {})) {
    if (!keyPattern.test(key)) throw invalidParameter(`Tag keys must be between 1 and 128 characters in length and may only include letters, digits, spaces and _ . : / = + - @.`);
    if (/^aws:/i.test(key)) throw invalidParameter('Tag keys must not start with aws:, which is reserved.');
    if (!valuePattern.test(value)) throw invalidParameter('Tag values must be at most 256 characters in length and may only include letters, digits, spaces and _ . : / = + - @.');
  }
  const tags = { ...present, ...given };
  if (Object.keys(tags).length > tagsMax) throw invalidParameter(`Too many tags added for queue: at most ${tagsMax} are allowed.`);
  return tags;
}
