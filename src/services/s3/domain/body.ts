/** A part of what was stored under one id: bytes `start` to `start + bytes - 1` of it. */
export interface Slice {
  readonly kind: 'inline' | 'blob';
  readonly id: string;
  readonly start: number;
  readonly bytes: number;
  /** Where the bytes are encrypted: the counter block of byte 0, 16 bytes. */
  readonly iv?: Uint8Array | undefined;
}

/** What an object's bytes are: nothing, one slice, or a list of slices in rows of their own. */
export type BodyRef =
  | { readonly kind: 'empty' }
  | ({ readonly kind: 'slice' } & { readonly slice: Slice })
  | { readonly kind: 'manifest'; readonly id: string; readonly pages: number };

/** What is known of a part after an upload has been completed. */
export interface PartFacts {
  readonly number: number;
  readonly bytes: number;
  readonly checksum?: string | undefined;
}

/** The slices that hold bytes `start` to `end` (included) of all of them. */
export function cutSlices(slices: readonly Slice[], start: number, end: number): Slice[] {
  const cut: Slice[] = [];
  let at = 0;
  for (const slice of slices) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, slice.bytes - 1);
    if (from <= to) cut.push({ ...slice, start: slice.start + from, bytes: to - from + 1 });
    at += slice.bytes;
    if (at > end) break;
  }
  return cut;
}
