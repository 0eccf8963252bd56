import { invalidParameter, invalidValue } from '../errors.ts';
import { listResultsMax } from '../limits.ts';

export interface PageInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

export interface Page {
  readonly limit: number;
  /** The last name of the page before. */
  readonly after: string | undefined;
  /** Only who asks for pages is told of the next one (API reference, ListQueues). */
  readonly paged: boolean;
}

export function parsePage({ MaxResults: max, NextToken: token }: PageInput): Page {
  if (max !== undefined && (max < 1 || max > listResultsMax)) throw invalidValue(max, 'MaxResults', `MaxResults must be an integer between 1 and ${listResultsMax}.`);
  return { limit: max ?? listResultsMax, after: token === undefined || token === '' ? undefined : nameOf(token), paged: max !== undefined };
}

export function tokenOf(name: string): string {
  return Buffer.from(`1:${name}`).toString('base64');
}

function nameOf(token: string): string {
  const text = Buffer.from(token.slice(0, 500), 'base64').toString('utf8');
  if (!/^1:[A-Za-z0-9_.-]{1,80}$/.test(text)) throw invalidParameter('Invalid or expired next token.');
  return text.slice(2);
}
