import type { ObjectRow } from './objectRow.ts';
import type { Tags } from './tags.ts';

export interface ReplicationRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly priority: number;
  readonly prefix: string;
  readonly tags: Tags;
  /** The prefix stands beside the rule, not in a filter: given back as it came, and delete markers go along. */
  readonly oldForm: boolean;
  readonly deleteMarkers: boolean;
  /** A bucket's name. */
  readonly destination: string;
  readonly account?: string | undefined;
  readonly storageClass?: string | undefined;
}

export interface ReplicationConfiguration {
  readonly role: string;
  readonly rules: readonly ReplicationRule[];
}

/** The rules by which a new version goes elsewhere: for each destination the one of the highest priority. */
export function rulesFor({ rules }: ReplicationConfiguration, key: string, version: Pick<ObjectRow, 'tags' | 'encryption'> | 'marker'): ReplicationRule[] {
  // Objects that are encrypted with a key of KMS or of the customer go nowhere unless a rule selects them, which none here can.
  if (version !== 'marker' && version.encryption.kind !== 's3') return [];
  const chosen = new Map<string, ReplicationRule>();
  for (const rule of rules) {
    if (!rule.enabled || !key.startsWith(rule.prefix)) continue;
    const fits = version === 'marker' ? rule.deleteMarkers && rule.tags.length === 0 : rule.tags.every(([name, value]) => version.tags?.some((tag) => tag[0] === name && tag[1] === value));
    const known = chosen.get(rule.destination);
    if (fits && (!known || rule.priority > known.priority)) chosen.set(rule.destination, rule);
  }
  return [...chosen.values()];
}
