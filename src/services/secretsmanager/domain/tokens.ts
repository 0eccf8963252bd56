import { invalidToken } from '../errors.ts';

// Page tokens carry where the page ended; nothing is kept in the server.

/** A token of one kind of list, with the fields that say where it goes on. */
export function formatToken(kind: string, fields: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([kind, ...fields])).toString('base64url');
}

/** The fields of such a token; throws the service's error for any other text. */
export function parseToken(kind: string, token: string, types: readonly ('string' | 'number')[]): (string | number)[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    throw invalidToken();
  }
  if (!Array.isArray(parsed) || parsed[0] !== kind || parsed.length !== types.length + 1) throw invalidToken();
  const fields: unknown[] = parsed.slice(1);
  if (fields.some((field, at) => typeof field !== types[at])) throw invalidToken();
  return fields as (string | number)[];
}
