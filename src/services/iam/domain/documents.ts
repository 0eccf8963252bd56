import { parsePolicy } from '../../../policy/parsePolicy.ts';
import type { Policy } from '../../../policy/types.ts';
import { errors } from '../errors.ts';
import { storedDocumentCharsMax } from '../limits.ts';

/** A document that passed IAM's checks. */
export interface CheckedDocument {
  /** As stored and given back. */
  readonly text: string;
  /** Characters that count against quotas: all but white space (IAM quotas, "IAM doesn't count white space"). */
  readonly chars: number;
  readonly policy: Policy;
}

/** Throws MalformedPolicyDocument in IAM's words. */
export function checkDocument(text: string, kind: 'identity' | 'trust'): CheckedDocument {
  const parsed = parsePolicy(text, kind);
  if ('problem' in parsed) throw errors.malformedPolicy(parsed.problem);
  const stored = text.length > storedDocumentCharsMax ? JSON.stringify(JSON.parse(text)) : text;
  return { text: stored, chars: text.replaceAll(/\s/g, '').length, policy: parsed.policy };
}

/** Documents travel URL-encoded (RFC 3986), inside the XML too (API reference, PolicyVersion: Document). */
export function encodeDocument(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
