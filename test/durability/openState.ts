// Opens what a disk may hold and looks for what was acknowledged. A process of its own: LMDB may crash on what no honest disk holds.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createFakeClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { createSeededRandom } from '../../src/base/random.ts';
import { checkKilledWriter } from '../../src/kv/drivers/embedded/checkKilledWriter.ts';
import { openEmbeddedStore } from '../../src/kv/drivers/embedded/openEmbeddedStore.ts';
import { openLevelEngine } from '../../src/kv/drivers/level/levelEngine.ts';

/** Throws unless the directory opens, holds every acknowledged key, and can be written to. */
export async function openState(folder: string, engine: string, acknowledged: readonly string[]): Promise<void> {
  const tools = engine === 'level' ? { openEngine: openLevelEngine } : {};
  const store = await openEmbeddedStore({ folder, clock: createFakeClock(), random: createSeededRandom(1), log: silentLogger, ...tools });
  try {
    await checkKilledWriter(store, 0, acknowledged);
    await store.transact(async (tx) => tx.set(Buffer.from('after'), Buffer.from('x')));
  } finally {
    await store.close();
  }
}

const [program, folder, engine, linesFile] = process.argv.slice(1);
if (program === fileURLToPath(import.meta.url) && folder !== undefined && engine !== undefined && linesFile !== undefined) {
  await openState(folder, engine, readFileSync(linesFile, 'utf8').split('\n').filter((line) => line !== ''));
}
