// Listings read rows in the order of keys and fold those that share a prefix up to the delimiter. Rows below a folded prefix are not read
// one by one: once a page of them has gone by, reading goes on behind the last key that can begin with the prefix.

import type { Key, ReadTransaction } from '../../kv/store.ts';
import type { Table } from '../../kv/table.ts';
import { type Listed, listRows, place } from './store.ts';

const pageRows = 250;

/** Reads rows of a table keyed by (bucket id, key, …) in order, and leaps over what nobody wants. */
export class RowCursor<Row extends object> {
  readonly #tx: ReadTransaction;
  readonly #table: Table<Row>;
  readonly #bucketId: string;
  readonly #to: Key;
  #from: Key;
  #rows: readonly Listed<Row>[] = [];
  #at = 0;
  #exhausted = false;
  #pageRows: number;

  constructor(tx: ReadTransaction, table: Table<Row>, about: { readonly bucketId: string; readonly from: Key; readonly to: Key; readonly expected: number }) {
    this.#tx = tx;
    this.#table = table;
    this.#bucketId = about.bucketId;
    this.#from = about.from;
    this.#to = about.to;
    this.#pageRows = Math.max(1, about.expected);
  }

  /** The next row, which stays the next until `advance`. */
  async peek(): Promise<Listed<Row> | undefined> {
    if (this.#at >= this.#rows.length && !this.#exhausted) {
      this.#rows = await listRows(this.#tx, this.#table, this.#from, this.#to, this.#pageRows);
      this.#at = 0;
      this.#exhausted = this.#rows.length < this.#pageRows;
      const last = this.#rows.at(-1);
      if (last) this.#from = afterKey(last.place);
      this.#pageRows = pageRows;
    }
    return this.#rows[this.#at];
  }

  advance(): void {
    this.#at += 1;
  }

  /** Goes on behind every key that begins with `prefix`. */
  skipPrefix(prefix: string): void {
    while (this.#at < this.#rows.length && this.#rows[this.#at]?.key.startsWith(prefix)) this.#at += 1;
    if (this.#at >= this.#rows.length && !this.#exhausted) this.#from = later(this.#from, place.afterPrefix(this.#table as Table<object>, this.#bucketId, prefix));
  }

  /** Goes on behind every row of this key. */
  skipKey(key: string): void {
    while (this.#at < this.#rows.length && this.#rows[this.#at]?.key === key) this.#at += 1;
    if (this.#at >= this.#rows.length && !this.#exhausted) this.#from = later(this.#from, place.afterAllOf(this.#table as Table<object>, this.#bucketId, key));
  }
}

function later(a: Key, b: Key): Key {
  return Buffer.compare(a, b) >= 0 ? a : b;
}

function afterKey(key: Key): Key {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

export interface ListQuery {
  readonly bucketId: string;
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  readonly maxKeys: number;
  /** Behind this key or common prefix. */
  readonly after: string | undefined;
}

export interface ListPage<Row> {
  readonly entries: readonly Listed<Row>[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  /** The last key or common prefix of the page. */
  readonly last: string | undefined;
}

/** One page of a table with one row for each key: objects. */
export async function listPage<Row extends object>(tx: ReadTransaction, table: Table<Row>, query: ListQuery): Promise<ListPage<Row>> {
  const { bucketId, prefix, delimiter, maxKeys, after } = query;
  const untyped = table as Table<object>;
  const entries: Listed<Row>[] = [];
  const prefixes: string[] = [];
  if (maxKeys === 0) return { entries, prefixes, truncated: false, last: undefined };
  const from = place.beforePrefix(untyped, bucketId, prefix);
  const start = after === undefined ? from : later(from, place.after(untyped, bucketId, after));
  const cursor = new RowCursor(tx, table, { bucketId, from: start, to: place.afterPrefix(untyped, bucketId, prefix), expected: delimiter === '' ? maxKeys + 1 : pageRows });
  // What a page ended with is not told again by the next.
  if (after !== undefined && commonPrefix(after, prefix, delimiter) === after) cursor.skipPrefix(after);
  let last: string | undefined;
  for (;;) {
    const row = await cursor.peek();
    if (!row) return { entries, prefixes, truncated: false, last };
    if (entries.length + prefixes.length >= maxKeys) return { entries, prefixes, truncated: true, last };
    const common = commonPrefix(row.key, prefix, delimiter);
    if (common === undefined) {
      entries.push(row);
      last = row.key;
      cursor.advance();
    } else {
      prefixes.push(common);
      last = common;
      cursor.skipPrefix(common);
    }
  }
}

/** What a key is folded into, up to the first delimiter behind the prefix; undefined when there is none. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}
