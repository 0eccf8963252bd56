import type { ObjectRow } from './objectRow.ts';
import type { Tags } from './tags.ts';

/** When something happens: so many days after, or on a day. */
export interface Moment {
  readonly days?: number | undefined;
  readonly dateMs?: number | undefined;
}

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  readonly tags: Tags;
  readonly largerThan?: number | undefined;
  readonly smallerThan?: number | undefined;
  /** The old form, with the prefix beside the rule instead of in a filter: given back as it came. */
  readonly oldForm?: boolean | undefined;
  readonly expiration?: (Moment & { readonly deleteMarkers?: boolean | undefined }) | undefined;
  readonly transitions?: readonly (Moment & { readonly storageClass: string })[] | undefined;
  readonly noncurrentExpiration?: { readonly days: number; readonly keep?: number | undefined } | undefined;
  readonly noncurrentTransitions?: readonly { readonly days: number; readonly keep?: number | undefined; readonly storageClass: string }[] | undefined;
  readonly abortUploadsAfterDays?: number | undefined;
}

const dayMs = 86_400_000;

/** Midnight UTC after so many days ("Lifecycle rules: based on an object's age"). */
export function dueAfterDays(fromMs: number, days: number): number {
  return Math.ceil((fromMs + days * dayMs) / dayMs) * dayMs;
}

export function dueMs(moment: Moment, fromMs: number): number {
  return moment.days === undefined ? (moment.dateMs ?? Infinity) : dueAfterDays(fromMs, moment.days);
}

/** Whether a rule is about an object. */
export function concerns(rule: LifecycleRule, key: string, facts: Pick<ObjectRow, 'bytes' | 'tags'> | undefined): boolean {
  if (!rule.enabled || !key.startsWith(rule.prefix)) return false;
  if (!facts) return rule.tags.length === 0 && rule.largerThan === undefined && rule.smallerThan === undefined;
  if (rule.largerThan !== undefined && facts.bytes <= rule.largerThan) return false;
  if (rule.smallerThan !== undefined && facts.bytes >= rule.smallerThan) return false;
  return rule.tags.every(([name, value]) => facts.tags?.some((tag) => tag[0] === name && tag[1] === value));
}

/** The `x-amz-expiration` header: the earliest rule that will remove the object. */
export function expirationOf(rules: readonly LifecycleRule[] | undefined, key: string, row: ObjectRow): string | undefined {
  let found: { readonly atMs: number; readonly id: string } | undefined;
  for (const rule of rules ?? []) {
    if (!rule.expiration || rule.expiration.deleteMarkers || !concerns(rule, key, row)) continue;
    const atMs = dueMs(rule.expiration, row.modifiedMs);
    if (!found || atMs < found.atMs) found = { atMs, id: rule.id };
  }
  return found && `expiry-date="${new Date(found.atMs).toUTCString()}", rule-id="${encodeURIComponent(found.id)}"`;
}
