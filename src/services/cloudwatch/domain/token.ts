import { errors } from '../errors.ts';

export const makeToken = (parts: readonly (string | number)[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

/** Where a token says that the page begins; it has so many parts. */
export function openToken(token: string | undefined, length: number): readonly string[] | undefined {
  if (token === undefined) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === length && parts.every((part) => typeof part === 'string')) return parts as string[];
  } catch {
    // Answered below.
  }
  throw errors.invalidToken();
}
