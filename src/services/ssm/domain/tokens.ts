import { invalidNextToken } from '../errors.ts';

// Page tokens carry where the page ended; nothing is kept in the server.

export function formatToken(kind: string, after: string | number): string {
  return Buffer.from(JSON.stringify([kind, after])).toString('base64url');
}

/** The text or number in a token of this kind; throws the service's error for any other text. */
export function parseToken<Type extends 'string' | 'number'>(kind: string, token: string, type: Type): Type extends 'string' ? string : number {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    throw invalidNextToken();
  }
  if (!Array.isArray(parsed) || parsed.length !== 2 || parsed[0] !== kind || typeof parsed[1] !== type) throw invalidNextToken();
  return parsed[1] as never;
}
