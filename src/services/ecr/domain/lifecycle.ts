// Which images a lifecycle policy expires: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html and
// "Lifecycle policy evaluation rules" there.
import { errors } from '../errors.ts';
import { lifecycleRulesMax } from '../limits.ts';
import { matchesWildcard } from './mutability.ts';

export interface LifecycleRule {
  readonly priority: number;
  readonly tagStatus: 'tagged' | 'untagged' | 'any';
  readonly prefixes: readonly string[];
  readonly patterns: readonly string[];
  readonly count: { readonly kind: 'more-than'; readonly images: number } | { readonly kind: 'older-than'; readonly field: 'pushedAtMs' | 'pulledAtMs'; readonly days: number };
}

export interface LifecycleImage {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAtMs: number;
  readonly pulledAtMs: number | undefined;
  /** An index names it: it stays as long as that does. */
  readonly isReferenced: boolean;
}

const dayMs = 86_400_000;

/** Throws the service's error for a text that is no lifecycle policy, or has what is not done here. */
export function parseLifecycle(text: string): readonly LifecycleRule[] {
  const rules = objectOf(parseJson(text))['rules'];
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > lifecycleRulesMax) throw invalid('the policy has 1 to 50 rules');
  const parsed = rules.map((rule) => parseRule(objectOf(rule))).sort((a, b) => a.priority - b.priority);
  for (const [index, { priority }] of parsed.entries()) if (parsed[index + 1]?.priority === priority) throw invalid(`two rules have the priority ${priority}`);
  const catchAll = parsed.findIndex(({ tagStatus }) => tagStatus === 'any');
  if (catchAll >= 0 && catchAll < parsed.length - 1) throw invalid("a rule with tagStatus 'any' must have the highest priority value");
  return parsed;
}

function parseRule(rule: Record<string, unknown>): LifecycleRule {
  for (const name of Object.keys(rule)) if (!['rulePriority', 'description', 'selection', 'action'].includes(name)) throw invalid(`unknown member '${name}'`);
  const selection = objectOf(rule['selection']);
  const action = objectOf(rule['action']);
  const priority = rule['rulePriority'];
  if (typeof priority !== 'number' || !Number.isInteger(priority) || priority < 1) throw invalid('rulePriority is an integer from 1');
  if (action['type'] === 'transition' || selection['storageClass'] !== undefined) throw errors.unsupported('archiving images (lifecycle action transition)');
  if (action['type'] !== 'expire') throw invalid("action.type is 'expire'");
  const { tagStatus, tagPrefixList, tagPatternList } = selection;
  if (tagStatus !== 'tagged' && tagStatus !== 'untagged' && tagStatus !== 'any') throw invalid("tagStatus is 'tagged', 'untagged' or 'any'");
  const prefixes = textsOf(tagPrefixList);
  const patterns = textsOf(tagPatternList);
  if (prefixes.length > 0 && patterns.length > 0) throw invalid('tagPrefixList and tagPatternList do not go together');
  if ((tagStatus === 'tagged') !== prefixes.length + patterns.length > 0) throw invalid("tagPrefixList or tagPatternList goes with tagStatus 'tagged', and only with it");
  return { priority, tagStatus, prefixes, patterns, count: countOf(selection) };
}

function countOf({ countType, countNumber, countUnit }: Record<string, unknown>): LifecycleRule['count'] {
  if (typeof countNumber !== 'number' || !Number.isInteger(countNumber) || countNumber < 1) throw invalid('countNumber is an integer from 1');
  if (countType === 'imageCountMoreThan') {
    if (countUnit !== undefined) throw invalid("countUnit does not go with 'imageCountMoreThan'");
    return { kind: 'more-than', images: countNumber };
  }
  if (countType !== 'sinceImagePushed' && countType !== 'sinceImagePulled') throw invalid("countType is 'imageCountMoreThan', 'sinceImagePushed' or 'sinceImagePulled'");
  if (countUnit !== 'days') throw invalid("countUnit is 'days'");
  return { kind: 'older-than', field: countType === 'sinceImagePushed' ? 'pushedAtMs' : 'pulledAtMs', days: countNumber };
}

export interface Expiry {
  readonly image: LifecycleImage;
  readonly priority: number;
}

/** The rules in their order; what one rule has selected, later ones do not see ("an image is expired by exactly one or zero rules"). */
export function expiredImages(rules: readonly LifecycleRule[], images: readonly LifecycleImage[], nowMs: number): readonly Expiry[] {
  const expired: Expiry[] = [];
  const marked = new Set<string>();
  for (const rule of rules) {
    const selected = images.filter((image) => !marked.has(image.digest) && isSelected(rule, image)).sort((a, b) => b.pushedAtMs - a.pushedAtMs);
    for (const image of selected) marked.add(image.digest);
    for (const image of overdue(rule, selected, nowMs)) if (!image.isReferenced) expired.push({ image, priority: rule.priority });
  }
  return expired;
}

function overdue({ count }: LifecycleRule, newestFirst: readonly LifecycleImage[], nowMs: number): readonly LifecycleImage[] {
  if (count.kind === 'more-than') return newestFirst.slice(count.images);
  // What was never pulled counts from its push.
  return newestFirst.filter((image) => (image[count.field] ?? image.pushedAtMs) < nowMs - count.days * dayMs);
}

function isSelected({ tagStatus, prefixes, patterns }: LifecycleRule, { tags }: LifecycleImage): boolean {
  if (tagStatus === 'any') return true;
  if (tagStatus === 'untagged') return tags.length === 0;
  // "An image that has all of the tags": every entry of the list must have a tag of its own.
  return prefixes.every((prefix) => tags.some((tag) => tag.startsWith(prefix))) && patterns.every((pattern) => tags.some((tag) => matchesWildcard(pattern, tag))) && tags.length > 0;
}

const invalid = (why: string): Error => errors.invalidParameter(`'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: ${why}'`);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('the text is not JSON');
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('an object is missing');
  return value as Record<string, unknown>;
}

function textsOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > 100) throw invalid('a list of tags is wanted');
  return value.map((item: unknown) => {
    if (typeof item !== 'string' || item === '' || item.length > 128) throw invalid('a list of tags is wanted');
    return item;
  });
}
