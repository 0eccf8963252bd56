import { createFakeClock } from '../base/clock.ts';
import type { MovableClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { createSeededRandom } from '../base/random.ts';
import { openMemoryStore } from '../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../kv/store.ts';
import { createTimers } from '../kv/timers.ts';
import { weakMode } from '../kv/weakMode.ts';
import type { DeliveryTarget, Emitter, EnvelopeDraft, TargetDirectory } from '../ports/outbox.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Dispatcher } from './dispatcher.ts';
import { createEmitter } from './emitter.ts';

export interface TestOutbox {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly wall: MovableClock;
  readonly emitter: Emitter;
  readonly targets: Map<string, DeliveryTarget>;
  /** Commits one event by itself. */
  emit(target: string, text: string, more?: Partial<EnvelopeDraft>): Promise<string>;
  /** A dispatcher over the same store, as another process would have it. Given a store, it uses that one. */
  open(store?: Store): Dispatcher;
  /** Opened and started, with its timers. */
  start(store?: Store): Dispatcher;
}

export const turns = async (count = 80): Promise<void> => {
  for (let index = 0; index < count; index += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Runs `work` with an outbox on a store in memory and clocks that stand still. */
export async function withOutbox(work: (outbox: TestOutbox) => Promise<void>, { weakSeed }: { weakSeed?: number } = {}): Promise<void> {
  const clock = createFakeClock();
  const wall = createFakeClock();
  const random = createSeededRandom(weakSeed ?? 1);
  const plain = openMemoryStore({ clock: createFakeClock(), random });
  const store = weakSeed === undefined ? plain : weakMode(plain, random);
  const emitter = createEmitter({ clock, random });
  const targets = new Map<string, DeliveryTarget>();
  const directory: TargetDirectory = { for: (arn) => targets.get(arn) };
  const stops: (() => Promise<void>)[] = [];
  const open = (through = store): Dispatcher => {
    const timers = createTimers({ store: through, clock, wall, log: silentLogger });
    const dispatcher = createDispatcher({ store: through, clock, wall, random, log: silentLogger, targets: directory, timers });
    stops.push(async () => {
      await dispatcher.stop(0);
      await timers.stop();
    });
    return {
      ...dispatcher,
      start() {
        dispatcher.start();
        timers.start();
      },
    };
  };
  try {
    await work({
      store,
      clock,
      wall,
      emitter,
      targets,
      emit: (target, text, more = {}) => store.transact(async (tx) => emitter.emit(tx, draftOf(target, text, more))),
      open,
      start(through) {
        const dispatcher = open(through);
        dispatcher.start();
        return dispatcher;
      },
    });
  } finally {
    // A drain of no time ends when its clock says so.
    const stopping = Promise.all(stops.map((stop) => stop()));
    wall.advance(0);
    await stopping;
    await plain.close();
  }
}

export function draftOf(target: string, text: string, more: Partial<EnvelopeDraft> = {}): EnvelopeDraft {
  return {
    source: 'toy',
    sourceArn: 'arn:aws:toy:us-east-1:000000000000:thing',
    target,
    account: '000000000000',
    region: 'us-east-1',
    callingPrincipal: 'toy.amazonaws.com',
    payload: Buffer.from(text),
    ...more,
  };
}
