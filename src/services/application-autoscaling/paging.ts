import { errors } from './errors.ts';
import { pageMax } from './limits.ts';

/** How many items a page has. */
export function pageSizeOf(wanted: number | undefined): number {
  if (wanted !== undefined && (wanted < 1 || wanted > pageMax)) throw errors.validation(`MaxResults must be between 1 and ${pageMax}.`);
  return wanted ?? pageMax;
}

export const makeToken = (parts: readonly (string | number)[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

/** Where a token says that the page begins. */
export function openToken(token: string | undefined): readonly (string | number)[] | undefined {
  if (token === undefined) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length >= 3 && parts.length <= 5 && parts.every((part) => typeof part === 'string' || Number.isSafeInteger(part))) return parts as (string | number)[];
  } catch {
    // Answered below.
  }
  throw errors.invalidToken();
}
