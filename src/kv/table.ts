// Tables are key ranges: (service, account, region, table, ...parts). A service's store.ts defines its tables and is the only
// file that names a key.
import { keyText } from './keyText.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import type { Key, ReadTransaction, Transaction, Value } from './store.ts';
import { keyRange, nextKey, packKey, unpackKey } from './tuple.ts';
import type { KeyPart } from './tuple.ts';

export interface Scope {
  readonly account: string;
  /** Empty for services that know no regions. */
  readonly region: string;
}

export interface TableRow<Row> {
  /** Relative to the table. */
  readonly parts: readonly KeyPart[];
  readonly row: Row;
}

export interface ListOptions {
  readonly limit: number;
  /** Continue behind this row, in the direction of reading; not included. */
  readonly after?: readonly KeyPart[];
  /** Lowest key, included. */
  readonly from?: readonly KeyPart[];
  /** Highest key, not included. */
  readonly before?: readonly KeyPart[];
  readonly reverse?: boolean;
}

export interface Table<Row extends object> {
  key(scope: Scope, parts: readonly KeyPart[]): Key;
  get(tx: ReadTransaction, scope: Scope, parts: readonly KeyPart[]): Promise<Row | undefined>;
  /** The row in a value that was read by its key, by `Store.getMany` for example. */
  decode(value: Value, key: Key): Row;
  set(tx: Transaction, scope: Scope, parts: readonly KeyPart[], row: Row): void;
  clear(tx: Transaction, scope: Scope, parts: readonly KeyPart[]): void;
  /** Clears every row strictly below `prefixParts`. */
  clearAll(tx: Transaction, scope: Scope, prefixParts: readonly KeyPart[]): void;
  /** Rows strictly below `prefixParts`. Every bound is given as parts relative to the table, as `parts` of a result are. */
  list(tx: ReadTransaction, scope: Scope, prefixParts: readonly KeyPart[], options: ListOptions): Promise<TableRow<Row>[]>;
}

export interface TableOptions {
  /** Rows that are read again and again: so many are decoded only when their bytes have changed. Nobody may change a row then. */
  readonly remember?: number;
}

/** A typed view of the rows of one service's table. */
export function defineTable<Row extends object>(service: string, name: string, { remember = 0 }: TableOptions = {}): Table<Row> {
  // Requests of one account and region come in runs, so the last prefix is nearly always the next one.
  let last = { account: '', region: '', prefix: packKey([service, '', '', name]) };

  function prefixOf(scope: Scope): Key {
    if (last.account !== scope.account || last.region !== scope.region) {
      const { account, region } = scope;
      last = { account, region, prefix: packKey([service, account, region, name]) };
    }
    return last.prefix;
  }

  const decoded = new Map<string, { readonly value: Buffer; readonly row: Row }>();

  function decode(value: Value, packed: Key): Row {
    if (remember === 0) return decodeRecord<Row>(value, packed);
    const text = keyText(packed);
    const known = decoded.get(text);
    if (known !== undefined && known.value.equals(value)) return known.row;
    const row = decodeRecord<Row>(value, packed);
    decoded.delete(text);
    if (decoded.size >= remember) for (const oldest of decoded.keys()) if (decoded.delete(oldest)) break;
    decoded.set(text, { value: Buffer.from(value), row });
    return row;
  }

  const key = (scope: Scope, parts: readonly KeyPart[]): Key => packKey(parts, prefixOf(scope));

  return {
    key,
    decode,
    async get(tx, scope, parts) {
      const packed = key(scope, parts);
      const value = await tx.get(packed);
      return value === undefined ? undefined : decode(value, packed);
    },
    set: (tx, scope, parts, row) => tx.set(key(scope, parts), encodeRecord(row)),
    clear: (tx, scope, parts) => tx.clear(key(scope, parts)),
    clearAll: (tx, scope, prefixParts) => tx.clearRange(keyRange(prefixParts, prefixOf(scope))),
    async list(tx, scope, prefixParts, options) {
      const prefix = prefixOf(scope);
      const reverse = options.reverse === true;
      let { from, to } = keyRange(prefixParts, prefix);
      if (options.from !== undefined) from = later(from, packKey(options.from, prefix));
      if (options.before !== undefined) to = earlier(to, packKey(options.before, prefix));
      if (options.after !== undefined) {
        const after = packKey(options.after, prefix);
        if (reverse) to = earlier(to, after);
        else from = later(from, nextKey(after));
      }
      if (Buffer.compare(from, to) >= 0) return [];
      const rows = await tx.range({ from, to, limit: options.limit, reverse });
      return rows.map((row) => ({ parts: unpackKey(row.key, prefix.length), row: decodeRecord<Row>(row.value, row.key) }));
    },
  };
}

function later(a: Key, b: Key): Key {
  return Buffer.compare(a, b) >= 0 ? a : b;
}

function earlier(a: Key, b: Key): Key {
  return Buffer.compare(a, b) <= 0 ? a : b;
}
