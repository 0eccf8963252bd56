import { invalidNextToken } from '../errors.ts';
import { formatPosition, parsePosition } from './position.ts';
import type { Position } from './position.ts';

// Page tokens carry where the page ended; nothing is kept in the server. They are opaque to clients but for those of
// GetLogEvents, whose form (`f/…/s`, `b/…/s`) tools know.

/** A token of a list: what kind of list it continues, and text fields. */
export function formatListToken(kind: string, fields: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([kind, ...fields])).toString('base64url');
}

/** The fields of a token of this kind; throws the service's error for any other text. */
export function parseListToken(kind: string, token: string, types: readonly ('string' | 'number')[]): (string | number)[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    throw invalidNextToken();
  }
  if (!Array.isArray(parsed) || parsed[0] !== kind || parsed.length !== types.length + 1) throw invalidNextToken();
  const fields: unknown[] = parsed.slice(1);
  if (fields.some((field, at) => typeof field !== types[at])) throw invalidNextToken();
  return fields as (string | number)[];
}

/** A token of GetLogEvents. */
export function formatStreamToken(direction: 'f' | 'b', position: Position): string {
  return `${direction}/${formatPosition(position)}/s`;
}

export function parseStreamToken(token: string): { readonly reverse: boolean; readonly position: Position } {
  const match = /^([fb])\/([0-9]{56})(?:\/s)?$/.exec(token);
  const position = match?.[2] === undefined ? undefined : parsePosition(match[2]);
  if (!match || !position) throw invalidNextToken();
  return { reverse: match[1] === 'b', position };
}

/** A token of FilterLogEvents: bound to the group, so that it cannot be used on a later group of the same name. */
export function formatFilterToken(groupId: string, reverse: boolean, position: Position): string {
  return formatListToken('filter', [groupId, reverse ? 'b' : 'f', formatPosition(position)]);
}

export function parseFilterToken(groupId: string, token: string): { readonly reverse: boolean; readonly position: Position } {
  const [group, direction, text] = parseListToken('filter', token, ['string', 'string', 'string']);
  const position = parsePosition(String(text));
  if (group !== groupId || (direction !== 'f' && direction !== 'b') || !position) throw invalidNextToken();
  return { reverse: direction === 'b', position };
}
