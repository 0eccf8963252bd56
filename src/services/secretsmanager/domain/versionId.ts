import { invalidParameter } from '../errors.ts';

/** Whether a text can be stored and found again: half a surrogate pair cannot. */
export function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}

/** Whether a text could be the id of a version (API reference: at most 64 characters). */
export function isVersionId(text: string): boolean {
  return text.length <= 64 && isWellFormed(text);
}

/** Throws for a token that cannot become the id of a version. */
export function requireToken(token: string): void {
  if (!isVersionId(token)) throw invalidParameter('The ClientRequestToken is not valid. We recommend a UUID-type value.');
}
