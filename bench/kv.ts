// Durable puts at 64 writers, point reads and 100-row scans of the embedded store, beside what the disk itself can do. Prints JSON.
// `npm run bench -- kv [--folder=FOLDER] [--seconds=SECONDS]`
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wallClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { cryptoRandom } from '../src/base/random.ts';
import { openEmbeddedStore } from '../src/kv/drivers/embedded/openEmbeddedStore.ts';
import { defineTable } from '../src/kv/table.ts';
import { packKey } from '../src/kv/tuple.ts';

const options = parseArgs({ options: { folder: { type: 'string' }, seconds: { type: 'string' } } }).values;
const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'haneul-bench-'));
const seconds = Number(options.seconds ?? 2);
const keySpace = 100_000;
const scope = { account: '000000000000', region: 'us-east-1' };
const table = defineTable<{ id: number; body: string }>('bench', 'items');
const body = 'x'.repeat(1_000);
const some = (): number => Math.floor(cryptoRandom.fraction() * keySpace);

/** How often `work` ran a second, by `workers` at once. */
async function rate(workers: number, work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  let count = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await work();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return Math.round(count / ((performance.now() - startMs) / 1_000));
}

async function syncRate(): Promise<number> {
  const file = await open(join(folder, 'calibration'), 'w');
  const page = Buffer.alloc(4_096, 1);
  try {
    return await rate(1, async () => {
      await file.write(page, 0, page.length, 0);
      await file.datasync();
    });
  } finally {
    await file.close();
  }
}

const diskSyncsBefore = await syncRate();
const store = await openEmbeddedStore({ folder: join(folder, 'data'), clock: wallClock, random: cryptoRandom, log: silentLogger });
const update = (): Promise<void> =>
  store.transact(async (tx) => {
    const id = some();
    await table.get(tx, scope, [id]);
    table.set(tx, scope, [id], { id, body });
  });
const putsC1 = await rate(1, update);
const putsC64 = await rate(64, update);
const hotKey = packKey(['hot']);
const hotC64 = await rate(64, () =>
  store.transact(async (tx) => {
    const old = await tx.get(hotKey);
    tx.set(hotKey, Buffer.from(String(Number(Buffer.from(old ?? []).toString()) + 1)));
  }),
);
const getsInTransact = await rate(16, () => store.transact((tx) => table.get(tx, scope, [some()])));
const getsInRead = await rate(16, () => store.read((tx) => table.get(tx, scope, [some()])));
const rawGets = await rate(16, () => store.transact((tx) => tx.get(table.key(scope, [some()]))));
const scans = await rate(4, () => store.read((tx) => table.list(tx, scope, [], { limit: 100, from: [some()] })));
await store.close();
const diskSyncsAfter = await syncRate();
rmSync(folder, { recursive: true, force: true });
const results = { diskSyncsBefore, putsC1, putsC64, hotC64, getsInTransact, getsInRead, rawGets, scanned: scans * 100, diskSyncsAfter };
process.stdout.write(`${JSON.stringify(results)}\n`);
