// The toy chain in a process of its own, killed at random moments again and again on the same directory. HANEUL_KILL_ROUNDS=50 looks longer.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createProductClock, delay, wallClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { cryptoRandom } from '../../src/base/random.ts';
import { openEmbeddedStore } from '../../src/kv/drivers/embedded/openEmbeddedStore.ts';
import { checkToyChain } from './checkToyChain.ts';
import { createFileTarget, readFileTarget } from './fileTarget.ts';
import { openToyChain, readToyRecords } from './toyChain.ts';

const rounds = Number(process.env['HANEUL_KILL_ROUNDS'] ?? 3);
const program = fileURLToPath(new URL('./chainProcess.js', import.meta.url));
const numbersPerRound = 100_000;
const settleMsMax = 60_000;

test(`outbox on LMDB loses nothing and keeps the order when its process is killed (${rounds} rounds)`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'haneul-kill-chain-'));
  const [data, worldFile] = [join(folder, 'data'), join(folder, 'c.log')];
  // Neither a clock nor the store keeps a process from ending.
  const alive = setInterval(() => undefined, 1_000);
  try {
    const acknowledged = new Set<number>();
    for (let round = 0; round < rounds; round += 1) {
      for (const number of await runUntilKilled([data, worldFile, String(round * numbersPerRound + 1)])) acknowledged.add(number);
    }
    const clock = createProductClock(wallClock);
    const random = cryptoRandom;
    const store = await openEmbeddedStore({ folder: data, clock: wallClock, random, log: silentLogger });
    const chain = openToyChain({ store, clock, wall: wallClock, random, c: createFileTarget(worldFile, random, false) });
    chain.start();
    let records = await readToyRecords(store, chain.dispatcher);
    for (const endMs = wallClock.now() + settleMsMax; wallClock.now() < endMs; ) {
      if (records.envelopes === 0 && records.b.length === records.reminders.length) break;
      clock.advance(60_000);
      await delay(wallClock, 50);
      records = await readToyRecords(store, chain.dispatcher);
    }
    const { seen, done } = readFileTarget(worldFile);
    checkToyChain({ records, acknowledged, seenByC: seen, doneByC: done });
    t.diagnostic(`${rounds} kills: ${acknowledged.size} acknowledged, ${records.a.length} stored, ${done.length} deliveries to C, ${records.dead.length} dead`);
    await chain.stop(1_000);
    await store.close();
  } finally {
    clearInterval(alive);
    await rm(folder, { recursive: true, force: true });
  }
});

async function runUntilKilled(args: readonly string[]): Promise<number[]> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await delay(wallClock, 20 + cryptoRandom.fraction() * 200);
  child.kill('SIGKILL');
  await closed;
  assert.equal(child.signalCode, 'SIGKILL');
  // The last line may have been cut off.
  const whole = output.slice(0, output.lastIndexOf('\n') + 1);
  return whole.split('\n').filter((line) => line !== '').map(Number);
}
