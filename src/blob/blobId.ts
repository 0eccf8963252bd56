import { InvariantError } from '../base/errors.ts';

/** Made by `BlobStore.put` only; 32 lower-case hexadecimal digits. */
export type BlobId = string & { readonly __brand: 'BlobId' };

/** Both ends are included, as in HTTP; without `end`, to the end. */
export interface BlobRange {
  readonly start: number;
  readonly end?: number;
}

/** `value` as a blob id; anything else would become a path of somebody's choosing. */
export function requireBlobId(value: unknown): BlobId {
  if (typeof value !== 'string' || !/^[0-9a-f]{32}$/.test(value)) throw new InvariantError('not a blob id', { value });
  return value as BlobId;
}

/** Throws unless `range` is one. */
export function requireBlobRange({ start, end }: BlobRange): void {
  const valid = Number.isSafeInteger(start) && start >= 0 && (end === undefined || (Number.isSafeInteger(end) && end >= start));
  if (!valid) throw new InvariantError('not a blob range', { start, end });
}
