// The outbox, timers and store under kills, failures and jumps of the clock. Replay a failed run with HANEUL_SIMULATION_SEED=SEED
// (and HANEUL_SIMULATION_WEAK=1 when it says so); HANEUL_SIMULATION_RUNS=1000 looks longer.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { simulateChain } from './simulateChain.ts';

const runs = Number(process.env['HANEUL_SIMULATION_RUNS'] ?? 25);
const onlySeed = process.env['HANEUL_SIMULATION_SEED'];
const onlyWeak = process.env['HANEUL_SIMULATION_WEAK'] === '1';
/** Seeds that have found something. */
const keptSeeds: readonly number[] = [];

for (const weak of onlySeed === undefined ? [false, true] : [onlyWeak]) {
  const mode = weak ? ' (weak mode)' : '';
  test(`outbox loses nothing, keeps the order of each key and buries what it has to, whatever is killed${mode}`, async (t) => {
    const seeds = onlySeed === undefined ? [...keptSeeds, ...Array.from({ length: runs }, () => randomInt(2 ** 31))] : [Number(onlySeed)];
    const totals = { requests: 0, acknowledged: 0, kills: 0, doneByC: 0 };
    for (const seed of seeds) {
      try {
        const result = await simulateChain(seed, { weak });
        for (const name of ['requests', 'acknowledged', 'kills', 'doneByC'] as const) totals[name] += result[name];
      } catch (error) {
        throw new Error(`failed: replay with HANEUL_SIMULATION_SEED=${seed}${weak ? ' HANEUL_SIMULATION_WEAK=1' : ''}`, { cause: error });
      }
    }
    t.diagnostic(`${seeds.length} runs${mode}: ${JSON.stringify(totals)}`);
    assert.ok(totals.acknowledged > 0);
    if (seeds.length > 5) assert.ok(totals.kills > 0, 'nobody was killed');
  });

  test(`simulateChain repeats itself for one seed${mode}`, async () => {
    const [one, other] = [await simulateChain(7, { weak }), await simulateChain(7, { weak })];
    assert.deepEqual(one, other);
  });
}
