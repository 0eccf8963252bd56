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
import { openLevelEngine } from '../level/levelEngine.ts';
import { checkKilledWriter } from './checkKilledWriter.ts';
import { openEmbeddedStore } from './openEmbeddedStore.ts';

const rounds = Number(process.env['HANEUL_KILL_ROUNDS'] ?? 3);
const writerProgram = fileURLToPath(new URL('./killWriter.js', import.meta.url));

for (const engine of ['lmdb', 'level']) {
  test(`transact keeps what it acknowledged when the process is killed (${engine}, ${rounds} rounds)`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haneul-kill-'));
    const openEngine = engine === 'level' ? { openEngine: openLevelEngine } : {};
    try {
      for (let round = 0; round < rounds; round += 1) {
        const acknowledged = await writeUntilKilled(folder, round, engine);
        assert.ok(acknowledged.length > 0);
        const store = await openEmbeddedStore({ folder, clock: createFakeClock(), random: cryptoRandom, log: silentLogger, ...openEngine });
        await checkKilledWriter(store, round, acknowledged);
        await store.close();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** The acknowledged keys, as `writer index`. */
async function writeUntilKilled(folder: string, round: number, engine: string): Promise<string[]> {
  const child = spawn(process.execPath, [writerProgram, folder, String(round), engine], { stdio: ['ignore', 'pipe', 'inherit'] });
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
