import { errors } from '../errors.ts';
import { tagsMax } from '../limits.ts';
import type { Tag } from '../store.ts';

export interface GivenTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** `current` with `given` put over it. Keys are unique without regard to case (IAM user guide, "Rules for tagging"). */
export function mergeTags(current: readonly Tag[], given: readonly GivenTag[] = []): readonly Tag[] {
  const merged = new Map(current.map((tag) => [tag.Key.toLowerCase(), tag]));
  const seen = new Set<string>();
  for (const { Key = '', Value = '' } of given) {
    const key = Key.toLowerCase();
    if (seen.has(key)) throw errors.invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
    if (key.startsWith('aws:')) throw errors.invalidInput('Tag keys cannot start with the reserved prefix aws:');
    seen.add(key);
    merged.set(key, { Key, Value });
  }
  if (merged.size > tagsMax) throw errors.tooManyTags(tagsMax);
  return [...merged.values()];
}

/** `current` without the tags named. */
export function removeTags(current: readonly Tag[], keys: readonly string[]): readonly Tag[] {
  const removed = new Set(keys.map((key) => key.toLowerCase()));
  return current.filter((tag) => !removed.has(tag.Key.toLowerCase()));
}

/** The condition keys of a request that sets tags (IAM user guide, "aws:RequestTag", "aws:TagKeys"). */
export function tagConditions(given: readonly GivenTag[] = []): Readonly<Record<string, string | readonly string[]>> {
  if (given.length === 0) return {};
  const conditions: Record<string, string | readonly string[]> = { 'aws:TagKeys': given.map(({ Key = '' }) => Key) };
  for (const { Key = '', Value = '' } of given) conditions[`aws:RequestTag/${Key}`] = Value;
  return conditions;
}

/** Those of a request that creates a role or user. */
export function creationConditions(input: { readonly PermissionsBoundary?: string | undefined; readonly Tags?: readonly GivenTag[] | undefined }) {
  const { PermissionsBoundary: boundary, Tags } = input;
  return { ...tagConditions(Tags), ...(boundary !== undefined && { 'iam:PermissionsBoundary': boundary }) };
}
