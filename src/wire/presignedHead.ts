// Clients that presign a request put its `x-amz-*` headers into the query, where the signature covers them, and S3 takes them from
// there as if they had come as headers (S3 API reference, "Authenticating requests: using query parameters").

import type { Authorization } from './authorization.ts';
import type { RequestHead } from './types.ts';

// Those of the signature itself, and what the JavaScript client adds before it knows the body: AWS ignores these.
const staysBehind = /^x-amz-(?:algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|sdk-checksum-algorithm|checksum-.*)$/;

/** The head as it would have been with its parameters as headers; the same head where there is nothing to lift. */
export function withLiftedHeaders(head: RequestHead, authorization: Authorization | undefined): RequestHead {
  const isPresigned = authorization?.kind === 'v4' ? authorization.place === 'query' : authorization?.kind === 'v2' && head.headers['authorization'] === undefined;
  if (!isPresigned || !/(?:^|&)x-amz-/i.test(head.query)) return head;
  const headers: Record<string, string> = Object.assign(Object.create(null), head.headers) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(head.query)) {
    const lower = name.toLowerCase();
    if (lower.startsWith('x-amz-') && !staysBehind.test(lower)) headers[lower] ??= value;
  }
  return { ...head, headers };
}
