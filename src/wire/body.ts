// What the head of a request says about its body, before a byte of it is read.

import type { Authorization } from './authorization.ts';
import { emptyBodyHash, unsignedPayload } from './sigv4.ts';
import type { RequestHead } from './types.ts';

export type BodyCheck =
  /** Unsigned, or signed without its body: nothing to compare. `payloadHash` is what the signature covers instead. */
  | { readonly kind: 'none'; readonly payloadHash: string }
  /** The head carries the hash: verify the signature at once, then compare the hash of what arrives. */
  | { readonly kind: 'compare'; readonly payloadHash: string }
  /** The signature covers the body but the head does not say its hash: hash the body first, then verify with that. */
  | { readonly kind: 'hash-first' }
  /** `aws-chunked`: the signature covers the head, each chunk carries its own (or none). */
  | { readonly kind: 'chunked'; readonly payloadHash: string; readonly signed: boolean; readonly trailer: boolean };

/** How the body of a request is bound to its signature. */
export function bodyCheckOf(head: RequestHead, authorization: Authorization | undefined): BodyCheck {
  const declared = head.headers['x-amz-content-sha256'];
  if (declared !== undefined && declared.startsWith('STREAMING-')) {
    return { kind: 'chunked', payloadHash: declared, signed: !declared.startsWith('STREAMING-UNSIGNED'), trailer: declared.endsWith('-TRAILER') };
  }
  if (authorization?.kind !== 'v4') return { kind: 'none', payloadHash: declared ?? unsignedPayload };
  if (declared === unsignedPayload) return { kind: 'none', payloadHash: unsignedPayload };
  if (declared !== undefined && /^[0-9a-f]{64}$/i.test(declared)) return { kind: 'compare', payloadHash: declared };
  if (authorization.place === 'query' && authorization.service === 's3') return { kind: 'none', payloadHash: unsignedPayload };
  if (head.headers['content-length'] === '0' || (head.headers['content-length'] === undefined && head.headers['transfer-encoding'] === undefined)) {
    return { kind: 'compare', payloadHash: emptyBodyHash };
  }
  return { kind: 'hash-first' };
}
