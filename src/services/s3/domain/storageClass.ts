import { errors } from '../errors.ts';

const known = new Set(['STANDARD', 'REDUCED_REDUNDANCY', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER', 'DEEP_ARCHIVE', 'GLACIER_IR']);
const archived = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** The class to keep with an object; undefined for STANDARD. */
export function requireStorageClass(name: string | undefined): string | undefined {
  if (name === undefined || name === 'STANDARD') return undefined;
  if (!known.has(name)) throw errors.invalidStorageClass(name);
  return name;
}

/** Whether objects of the class are read only after they have been restored. */
export function isArchived(name: string | undefined): boolean {
  return name !== undefined && archived.has(name);
}
