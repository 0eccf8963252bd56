// Payloads may be six megabytes long, and a value of the store may not: long texts lie in parts beside their rows.
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import { inlineTextBytesMax, textPartBytes } from './limits.ts';

const texts = defineTable<{ readonly bytes: Uint8Array }>('lambda', 'durableTexts');

/** A text, or where its parts lie. */
export type StoredText = { readonly text: string } | { readonly parts: number; readonly key: string };

/** Whose text it is: parts of the key. */
export type TextOwner = readonly [functionName: string, executionName: string];

/** Writes what is too long for a row; `key` is unique within the execution. */
export function storeText(tx: Transaction, scope: Scope, owner: TextOwner, key: string, text: string): StoredText {
  const bytes = Buffer.from(text);
  if (bytes.length <= inlineTextBytesMax) return { text };
  const parts = Math.ceil(bytes.length / textPartBytes);
  for (let part = 0; part < parts; part += 1) {
    texts.set(tx, scope, [...owner, key, part], { bytes: bytes.subarray(part * textPartBytes, (part + 1) * textPartBytes) });
  }
  return { parts, key };
}

export async function loadText(tx: ReadTransaction, scope: Scope, owner: TextOwner, stored: StoredText): Promise<string> {
  if ('text' in stored) return stored.text;
  const rows = await texts.list(tx, scope, [...owner, stored.key], { limit: stored.parts });
  return Buffer.concat(rows.map(({ row }) => row.bytes)).toString('utf8');
}

export const clearTexts = (tx: Transaction, scope: Scope, owner: readonly string[]): void => texts.clearAll(tx, scope, owner);
