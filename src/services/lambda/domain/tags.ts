import { errors } from '../errors.ts';
import { tagsMax } from '../limits.ts';

export type Tags = readonly (readonly [key: string, value: string])[];

/** Throws when there are too many or one takes AWS's own prefix. https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html */
export function requireTags(tags: Readonly<Record<string, string>>): void {
  const keys = Object.keys(tags);
  if (keys.length > tagsMax) throw tooMany();
  const taken = keys.find((key) => key.toLowerCase().startsWith('aws:'));
  if (taken !== undefined) throw errors.invalidParameter(`Tag keys must not start with the reserved prefix aws: (${taken})`);
}

/** The tags after an addition; a known key gets the new value. */
export function addTags(old: Tags, added: Readonly<Record<string, string>>): Tags {
  requireTags(added);
  const tags = new Map([...old, ...Object.entries(added)]);
  if (tags.size > tagsMax) throw tooMany();
  return [...tags];
}

export const removeTags = (old: Tags, keys: readonly string[]): Tags => old.filter(([key]) => !keys.includes(key));

const tooMany = (): Error => errors.invalidParameter('Number of tags exceeds resource tag limit.');
