import { createHash } from 'node:crypto';
import { createFakeClock } from '../../src/base/clock.ts';
import type { MovableClock } from '../../src/base/clock.ts';
import { createSeededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { createOptimisticStore } from '../../src/kv/optimistic/optimisticStore.ts';
import type { Store } from '../../src/kv/store.ts';
import { weakMode } from '../../src/kv/weakMode.ts';
import type { DeliveryResult, DeliveryTarget } from '../../src/ports/outbox.ts';
import { checkToyChain } from './checkToyChain.ts';
import { createCrashDisk } from './crashDisk.ts';
import { isFragile, isPoison, openToyChain, readMessage, readToyRecords } from './toyChain.ts';
import type { Message, ToyChain } from './toyChain.ts';

export interface SimulationResult {
  readonly requests: number;
  readonly acknowledged: number;
  readonly kills: number;
  readonly doneByC: number;
  /** The same for every run of the same seed. */
  readonly trace: string;
}

interface Life {
  readonly store: Store;
  readonly chain: ToyChain;
}

const steps = 120;
const settleRoundsMax = 400;
const keys = ['red', 'green', 'blue', 'white'];

/** One run of the toy chain under kills, failures and jumps of the clock, all drawn from `seed`; throws when the model does not agree. */
export async function simulateChain(seed: number, { weak }: { readonly weak: boolean }): Promise<SimulationResult> {
  const random = createSeededRandom(seed);
  const clocks = { clock: createFakeClock(), wall: createFakeClock() };
  const disk = createCrashDisk();
  const world = createWorld(random);
  const acknowledged = new Set<number>();
  let faulty = true;
  let kills = 0;
  let requests = 0;
  let life: Life | undefined;

  function begin(): Life {
    const onDeath = (): void => {
      kills += 1;
      world.note('kill');
      const dead = life;
      life = undefined;
      // Only so that nothing of it goes on in this process; it can do no harm, for its store is dead.
      void dead?.chain.stop(0).catch(() => undefined);
    };
    const process = disk.open(() => (faulty && random.fraction() < 0.02 ? (random.fraction() < 0.5 ? 'dies before' : 'dies after') : 'succeeds'), onDeath);
    const plain = createOptimisticStore({ engine: process.engine, clock: clocks.wall, random });
    const store = weak ? weakMode(plain, random) : plain;
    const chain = openToyChain({ store, ...clocks, random, c: world.target(() => faulty, process.isDead) });
    chain.start();
    return { store, chain };
  }

  function request(to: Life): void {
    requests += 1;
    const message = { number: requests, key: pick(random, keys) };
    to.chain.request(message).then(
      () => {
        acknowledged.add(message.number);
        world.note(`acknowledged ${message.number}`);
      },
      () => undefined,
    );
  }

  for (let step = 0; step < steps; step += 1) {
    life ??= begin();
    const chance = random.fraction();
    if (chance < 0.55) request(life);
    else if (chance < 0.9) moveClocks(clocks, random);
    else if (chance < 0.92) await restart();
    await turns(Math.floor(random.fraction() * 30));
  }
  faulty = false;
  life ??= begin();
  await settle(life, clocks);
  const records = await readToyRecords(life.store, life.chain.dispatcher);
  checkToyChain({ records, acknowledged, seenByC: world.seen, doneByC: world.done });
  await stopChain(life);
  await life.store.close();
  return { requests, acknowledged: acknowledged.size, kills, doneByC: world.done.length, trace: world.trace() };

  async function restart(): Promise<void> {
    if (life === undefined) return;
    const stopping = life;
    await Promise.race([stopChain(stopping), turns(400)]);
    if (life === stopping) life = begin();
  }

  async function stopChain({ chain }: Life): Promise<void> {
    const stopping = chain.stop(1_000);
    await turns(50);
    clocks.wall.advance(1_000);
    await Promise.race([stopping, turns(400)]);
  }
}

/** C and what can be seen of it from outside. It outlives every process. */
function createWorld(random: Random): {
  readonly seen: Message[];
  readonly done: Message[];
  target(isFaulty: () => boolean, isDead: () => boolean): DeliveryTarget;
  note(text: string): void;
  trace(): string;
} {
  const seen: Message[] = [];
  const done: Message[] = [];
  const hash = createHash('sha256');
  const note = (text: string): void => void hash.update(`${text}\n`);
  return {
    seen,
    done,
    note,
    trace: () => hash.copy().digest('hex'),
    target: (isFaulty, isDead) => ({
      concurrency: 3,
      async deliver({ payload }): Promise<DeliveryResult> {
        await turns(Math.floor(random.fraction() * 5));
        if (isDead()) return new Promise(() => undefined);
        const message = readMessage(payload);
        seen.push(message);
        note(`seen ${message.number}`);
        if (isPoison(message)) return { kind: 'rejected', reason: 'poison' };
        if (isFragile(message)) return { kind: 'retry', reason: 'fragile' };
        const chance = isFaulty() ? random.fraction() : 1;
        if (chance < 0.2) throw new Error('connection refused');
        if (chance < 0.22) return new Promise(() => undefined);
        done.push(message);
        if (chance < 0.3) throw new Error('connection lost');
        return { kind: 'delivered' };
      },
    }),
  };
}

/** Until nothing is left to do: every retry, every cut-off of a hanging delivery, every timer. */
async function settle({ store, chain }: Life, clocks: { clock: MovableClock; wall: MovableClock }): Promise<void> {
  for (let round = 0; round < settleRoundsMax; round += 1) {
    clocks.clock.advance(300_000);
    clocks.wall.advance(200_000);
    await turns(100);
    const { envelopes, b, reminders } = await readToyRecords(store, chain.dispatcher);
    if (envelopes === 0 && b.length === reminders.length) return;
  }
}

function moveClocks({ clock, wall }: { clock: MovableClock; wall: MovableClock }, random: Random): void {
  const chance = random.fraction();
  const jumpMs = chance < 0.05 ? 3_600_000 : chance < 0.4 ? 30_000 : 1_000;
  clock.advance(Math.floor(random.fraction() * jumpMs));
  wall.advance(Math.floor(random.fraction() * 3_000));
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random.fraction() * from.length)] as T;
}

async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await new Promise((resolve) => setImmediate(resolve));
}
