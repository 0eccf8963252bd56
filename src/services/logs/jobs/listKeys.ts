import { everywhere } from '../store.ts';
import type { Store } from '../../../kv/store.ts';
import type { Table } from '../../../kv/table.ts';
import type { KeyPart } from '../../../kv/tuple.ts';

/** All keys of one of the lists of work, read in pages. */
export async function* listKeys(store: Store, table: Table<object>): AsyncGenerator<readonly KeyPart[]> {
  const limit = 100;
  let after: readonly KeyPart[] | undefined;
  for (;;) {
    const found = await store.read((tx) => table.list(tx, everywhere, [], { limit, ...(after ? { after } : {}) }));
    for (const { parts } of found) yield parts;
    after = found.at(-1)?.parts;
    if (found.length < limit) return;
  }
}
