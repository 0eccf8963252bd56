// Conditional requests (RFC 9110; API reference, GetObject "Additional considerations about request headers").

export interface ReadConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: Date | undefined;
  readonly ifUnmodifiedSince?: Date | undefined;
}

export interface Current {
  readonly etag: string;
  readonly modifiedMs: number;
}

export type Verdict = { readonly kind: 'go' } | { readonly kind: 'not-modified' } | { readonly kind: 'failed'; readonly condition: string };

/** Whether a read goes on. A match of the ETag makes the dates irrelevant, as S3 documents. */
export function judgeRead(conditions: ReadConditions, current: Current): Verdict {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  const modifiedMs = Math.floor(current.modifiedMs / 1_000) * 1_000;
  if (ifMatch !== undefined) {
    if (!etagsInclude(ifMatch, current.etag)) return { kind: 'failed', condition: 'If-Match' };
  } else if (ifUnmodifiedSince && modifiedMs > ifUnmodifiedSince.getTime()) return { kind: 'failed', condition: 'If-Unmodified-Since' };
  if (ifNoneMatch !== undefined) return etagsInclude(ifNoneMatch, current.etag) ? { kind: 'not-modified' } : { kind: 'go' };
  if (ifModifiedSince && modifiedMs <= ifModifiedSince.getTime()) return { kind: 'not-modified' };
  return { kind: 'go' };
}

/** `"a", "b"`, `a`, `W/"a"` or `*`. */
export function etagsInclude(header: string, etag: string): boolean {
  return header.split(',').some((given) => {
    const text = given.trim().replace(/^W\//, '');
    return text === '*' || text === etag || text === `"${etag}"`;
  });
}
