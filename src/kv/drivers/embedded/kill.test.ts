// Kills a writing process at a random moment, again and again on the same directory: what was acknowledged must be there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createFakeClock, delay, wallClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/log.ts';
import { cryptoRandom } from '../../../base/random.ts';
import { decodeRecord } from '../../record.ts';
import type { Row, Store } from '../../store.ts';
import { keyRange, packKey, unpackKey } from '../../tuple.ts';
import { openEmbeddedStore } from './openEmbeddedStore.ts';

const rounds = Number(process.env['HANEUL_KILL_ROUNDS'] ?? 3);
const writerProgram = fileURLToPath(new URL('./killWriter.js', import.meta.url));

test(`transact keeps what it acknowledged when the process is killed (${rounds} rounds)`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'haneul-kill-'));
  try {
    for (let round = 0; round < rounds; round += 1) {
      const acknowledged = await writeUntilKilled(folder, round);
      const store = await openEmbeddedStore({ folder, clock: createFakeClock(), random: cryptoRandom, log: silentLogger });
      await check(store, round, acknowledged);
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** The acknowledged keys, as `writer index`. */
async function writeUntilKilled(folder: string, round: number): Promise<string[]> {
  const child = spawn(process.execPath, [writerProgram, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await delay(wallClock, 20 + cryptoRandom.fraction() * 400);
  child.kill('SIGKILL');
  await closed;
  assert.equal(child.signalCode, 'SIGKILL');
  // The last line may have been cut off.
  return output.slice(0, output.lastIndexOf('\n') + 1).split('\n').filter((line) => line !== '');
}

async function check(store: Store, round: number, acknowledged: readonly string[]): Promise<void> {
  assert.ok(acknowledged.length > 0);
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
  assert.equal(Buffer.from(count ?? []).readBigInt64LE(0), BigInt(found.size));
}
