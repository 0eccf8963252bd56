// What the kill test and the power-cut test hold the writer's directory against.
import assert from 'node:assert/strict';
import { decodeRecord } from '../../record.ts';
import type { Row, Store } from '../../store.ts';
import { keyRange, packKey, unpackKey } from '../../tuple.ts';

/** Nothing of `acknowledged` (as `writer index`) is missing, every record is whole, and so is every transaction. */
export async function checkKilledWriter(store: Store, round: number, acknowledged: readonly string[]): Promise<void> {
  const found = new Map<string, number>();
  let rows: Row[] = [];
  let { from, to } = keyRange(['row', String(round)]);
  do {
    rows = await store.read((tx) => tx.range({ from, to, limit: 5_000 }));
    for (const row of rows) {
      const [, , writer, index] = unpackKey(row.key);
      const record = decodeRecord<{ writer: number; index: number }>(row.value, row.key);
      assert.deepEqual([record.writer, record.index], [writer, index]);
      found.set(`${String(writer)} ${String(index)}`, record.index);
    }
    const last = rows[rows.length - 1];
    if (last !== undefined) from = Buffer.concat([last.key, Buffer.alloc(1)]);
  } while (rows.length > 0);
  const missing = acknowledged.filter((line) => !found.has(line));
  assert.deepEqual(missing, [], `${missing.length} of ${acknowledged.length} acknowledged keys are missing`);
  // Whole transactions only: each writer's last row and the counter agree with the rows.
  const lasts = await store.read((tx) => tx.range({ ...keyRange(['last', String(round)]), limit: 100 }));
  for (const row of lasts) {
    const writer = String(unpackKey(row.key)[2]);
    const { index } = decodeRecord<{ index: number }>(row.value, row.key);
    assert.ok(found.has(`${writer} ${index}`) && !found.has(`${writer} ${index + 1}`));
  }
  const [count] = await store.getMany([packKey(['count', String(round)])]);
  assert.equal(count === undefined ? 0n : Buffer.from(count).readBigInt64LE(0), BigInt(found.size));
}
