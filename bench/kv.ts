// Durable puts at 64 writers, point reads, scans and deliveries on the embedded store, beside what the disk itself can do in
// the same run. `npm run bench -- kv [--folder=FOLDER] [--seconds=SECONDS] [--runs=RUNS] [--quick | --long]`
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { wallClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { cryptoRandom } from '../src/base/random.ts';
import { openBlobStore } from '../src/blob/blobStore.ts';
import { loadSnapshot } from '../src/blob/snapshot/loadSnapshot.ts';
import { saveSnapshot } from '../src/blob/snapshot/saveSnapshot.ts';
import { openEmbeddedStore } from '../src/kv/drivers/embedded/openEmbeddedStore.ts';
import { defineTable } from '../src/kv/table.ts';
import type { ReadTransaction, Store } from '../src/kv/store.ts';
import { createTimers } from '../src/kv/timers.ts';
import { packKey } from '../src/kv/tuple.ts';
import { createDispatcher } from '../src/outbox/dispatcher.ts';
import { createEmitter } from '../src/outbox/emitter.ts';
import type { DeliveryTarget } from '../src/ports/outbox.ts';
import { bySize } from './support/extent.ts';
import { median, report, type Row } from './support/report.ts';

const options = parseArgs({ options: { folder: { type: 'string' }, seconds: { type: 'string' }, runs: { type: 'string' }, quick: { type: 'boolean' }, long: { type: 'boolean' } } }).values;
const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'haneul-bench-'));
const seconds = Number(options.seconds ?? bySize({ quick: 0.3, usual: 1, long: 2 }));
const runs = Number(options.runs ?? bySize({ quick: 1, usual: 3, long: 5 }));
const keySpace = 100_000;
const scope = { account: '000000000000', region: 'us-east-1' };
const table = defineTable<{ id: number; body: string }>('bench', 'items');
const body = 'x'.repeat(1_000);
const hotKey = packKey(['hot']);
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

async function measure(run: number): Promise<Record<string, number>> {
  const diskBefore = await syncRate();
  const data = join(folder, `data-${run}`);
  const store = await openEmbeddedStore({ folder: data, clock: wallClock, random: cryptoRandom, log: silentLogger });
  const update = (): Promise<void> =>
    store.transact(async (tx) => {
      const id = some();
      await table.get(tx, scope, [id]);
      table.set(tx, scope, [id], { id, body });
    });
  const increment = (): Promise<void> =>
    store.transact(async (tx) => {
      const old = await tx.get(hotKey);
      tx.set(hotKey, Buffer.from(String(Number(Buffer.from(old ?? []).toString()) + 1)));
    });
  const results = {
    'disk: fdatasync': diskBefore,
    'durable puts, 1 writer': await rate(1, update),
    'durable puts, 64 writers': await rate(64, update),
    'increments of one key, 64 writers': await rate(64, increment),
    'point reads, awaited in a transaction': await rate(16, () => store.transact((tx) => tx.get(table.key(scope, [some()])))),
    'point reads, awaited in one transaction of 100': 100 * (await rate(4, () => store.transact(readHundred))),
    'rows read and decoded, one in a transaction': await rate(16, () => store.transact((tx) => table.get(tx, scope, [some()]))),
    'rows read and decoded, one in a snapshot': await rate(16, () => store.read((tx) => table.get(tx, scope, [some()]))),
    'rows scanned, 100 at a time': 100 * (await rate(4, () => store.read((tx) => table.list(tx, scope, [], { limit: 100, from: [some()] })))),
    'events delivered, 64 senders': await deliveryRate(store),
  };
  await store.close();
  rmSync(data, { recursive: true, force: true });
  return { ...results, 'disk: fdatasync, afterwards': await syncRate() };
}

async function readHundred(tx: ReadTransaction): Promise<void> {
  for (let read = 0; read < 100; read += 1) await tx.get(table.key(scope, [some()]));
}

/** Emitted, delivered to a target outside the store, and settled. */
async function deliveryRate(store: Store): Promise<number> {
  const timers = createTimers({ store, clock: wallClock, wall: wallClock, log: silentLogger });
  const emitter = createEmitter({ clock: wallClock, random: cryptoRandom });
  const arrivals = new Map<string, () => void>();
  const target: DeliveryTarget = {
    concurrency: 64,
    async deliver({ payload }) {
      arrivals.get(Buffer.from(payload).toString())?.();
      return { kind: 'delivered' };
    },
  };
  const dispatcher = createDispatcher({ store, clock: wallClock, wall: wallClock, random: cryptoRandom, log: silentLogger, timers, targets: { for: () => target } });
  dispatcher.start();
  let number = 0;
  const delivered = await rate(64, async () => {
    const name = String((number += 1));
    const arrived = new Promise<void>((resolve) => arrivals.set(name, resolve));
    const payload = Buffer.from(name);
    await store.transact(async (tx) => void emitter.emit(tx, { ...scope, source: 'bench', callingPrincipal: 'bench', target: 'arn:aws:bench:::t', payload }));
    await arrived;
    arrivals.delete(name);
  });
  await dispatcher.stop();
  return delivered;
}

/** How long the event loop is held up, in milliseconds, while something large is done. */
async function measureLoop(): Promise<Row[]> {
  const data = join(folder, 'loop');
  const store = await openEmbeddedStore({ folder: data, clock: wallClock, random: cryptoRandom, log: silentLogger });
  const tools = { store, clock: wallClock, random: cryptoRandom, log: silentLogger };
  const blobs = await openBlobStore({ ...tools, folder: join(folder, 'blobs') });
  const loopRows: Row[] = [];
  const during = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const histogram = monitorEventLoopDelay({ resolution: 1 });
    histogram.enable();
    const startMs = performance.now();
    await work();
    histogram.disable();
    const took = Math.round(performance.now() - startMs);
    loopRows.push({ while: what, 'p99 ms': (histogram.percentile(99) / 1e6).toFixed(1), 'max ms': (histogram.max / 1e6).toFixed(1), 'took ms': took });
  };
  const path = join(folder, 'snapshot');
  const large = cryptoRandom.bytes(50 * 1024 * 1024);
  await during('nothing', () => new Promise((resolve) => setTimeout(resolve, 500)));
  await during(`${keySpace} rows are written`, async () => {
    for (let id = 0; id < keySpace; id += 500) {
      await store.transact(async (tx) => {
        for (let next = id; next < id + 500; next += 1) table.set(tx, scope, [next], { id: next, body });
      });
    }
  });
  await during('five bodies of 50 MB are put', async () => {
    for (let put = 0; put < 5; put += 1) await store.transact(async (tx) => blobs.adopt(tx, (await blobs.put(large)).id));
  });
  await during('a snapshot of all that is saved', () => saveSnapshot({ ...tools, blobs, path, secrets: {}, description: {} }));
  await during('everything is wiped', () => store.replaceRows([]));
  await during('the snapshot is loaded', () => loadSnapshot({ ...tools, blobs, path }));
  await blobs.close();
  await store.close();
  return loopRows;
}

const measured: Record<string, number>[] = [];
for (let run = 0; run < runs; run += 1) {
  process.stderr.write(`run ${run + 1} of ${runs} …\n`);
  measured.push(await measure(run));
}
const loop = await measureLoop();
rmSync(folder, { recursive: true, force: true });
const names = Object.keys(measured[0] ?? {});
const of = (name: string): number[] => measured.map((result) => result[name] ?? 0);
const rows = names.map((name) => ({ what: name, 'per second': Math.round(median(of(name))), min: Math.min(...of(name)), max: Math.max(...of(name)) }));
report('kv', rows, [`median of ${runs} runs of ${seconds} s each, 1 KB rows, ${keySpace} keys, on ${folder}`]);
report('kv-loop', loop, ['one run']);
