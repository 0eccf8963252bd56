export interface ByteRange {
  readonly start: number;
  /** Included. */
  readonly end: number;
}

/**
 * The range that a `Range` header asks for (RFC 9110). 'whole' for what S3 takes no notice of: other units, several ranges, nonsense;
 * 'unsatisfiable' for what lies outside of the object.
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = header === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (!match || (match[1] === '' && match[2] === '')) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '') {
    const suffix = Number(last);
    if (suffix === 0 || bytes === 0) return 'unsatisfiable';
    return { start: Math.max(0, bytes - suffix), end: bytes - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= bytes) return 'unsatisfiable';
  return { start, end: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) };
}

/** The range of `x-amz-copy-source-range`, which is exact and must lie within the source. */
export function parseCopyRange(text: string, bytes: number): ByteRange | 'malformed' | 'unsatisfiable' {
  const match = /^bytes=(\d+)-(\d+)$/.exec(text);
  if (!match) return 'malformed';
  const [start, end] = [Number(match[1]), Number(match[2])];
  if (start > end) return 'malformed';
  return end >= bytes ? 'unsatisfiable' : { start, end };
}
