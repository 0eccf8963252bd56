import { decodeRecord, encodeRecord } from '../../../kv/record.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { inlineBytesMax, partBytes } from '../limits.ts';
import { type Content, everywhere, parts, type SealedContent } from '../store.ts';

/** Where a message's content lies: the message's own id, below its queue. */
export interface ContentPlace {
  readonly storeId: string;
  /** Sixteen bytes. */
  readonly id: Uint8Array;
}

/** Stores long content in parts; what this answers belongs into the message's row. */
export function writeContent(tx: Transaction, { storeId, id }: ContentPlace, content: Content | SealedContent, bytes: number): Content | SealedContent | number {
  if (bytes <= inlineBytesMax) return content;
  const encoded = encodeRecord(content);
  const count = Math.ceil(encoded.length / partBytes);
  for (let at = 0; at < count; at += 1) {
    parts.set(tx, everywhere, [storeId, 'part', id, at], { bytes: encoded.subarray(at * partBytes, (at + 1) * partBytes) });
  }
  return count;
}

export async function readContent(tx: ReadTransaction, { storeId, id }: ContentPlace, stored: Content | SealedContent | number): Promise<Content | SealedContent> {
  if (typeof stored !== 'number') return stored;
  const rows = await Promise.all(Array.from({ length: stored }, (_, at) => parts.get(tx, everywhere, [storeId, 'part', id, at])));
  return decodeRecord<Content | SealedContent>(Buffer.concat(rows.map((row) => row?.bytes ?? Buffer.alloc(0))));
}

export function clearContent(tx: Transaction, { storeId, id }: ContentPlace, stored: Content | SealedContent | number): void {
  if (typeof stored !== 'number') return;
  for (let at = 0; at < stored; at += 1) parts.clear(tx, everywhere, [storeId, 'part', id, at]);
}
