import { errors } from '../errors.ts';

const known = new Set(['STANDARD', 'REDUCED_REDUNDANCY', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER', 'DEEP_ARCHIVE', 'GLACIER_IR']);
const archived = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** The class to keep with an object; undefined for STANDARD. */
export function requireStorageClass(name: string | undefined): string | undefined {
  if (name === undefined || name === 'STANDARD') return undefined;
  if (!known.has(name)) throw errors.invalidStorageClass(name);
  return name;
}

const hourMs = 3_600_000;
// "Understanding archive retrieval options": the lower end of each tier's span.
const retrievals: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  GLACIER: { Expedited: 60_000, Standard: 3 * hourMs, Bulk: 5 * hourMs },
  DEEP_ARCHIVE: { Standard: 12 * hourMs, Bulk: 48 * hourMs },
};

/** How long restoring an object of a class takes; throws for one that needs none. */
export function retrievalMs(storageClass: string | undefined, tier: string): number {
  const tiers = retrievals[storageClass ?? 'STANDARD'];
  if (!tiers) throw errors.restoreNotAllowed(storageClass ?? 'STANDARD');
  const found = tiers[tier];
  if (found === undefined) throw errors.invalidArgument('Retrieval option is not supported by this storage class', 'Tier', tier);
  return found;
}

/** Whether objects of the class are read only after they have been restored. */
export function isArchived(name: string | undefined): boolean {
  return name !== undefined && archived.has(name);
}
