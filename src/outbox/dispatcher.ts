// Delivers what senders have committed: finds the targets that have something ready, and runs one queue for each. Everything that it knows
// is in the store, so a new process goes on where a killed one ended; what was under way then is delivered again.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import { InvariantError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { decodeRecord } from '../kv/record.ts';
import type { Store } from '../kv/store.ts';
import type { Timers } from '../kv/timers.ts';
import { nextKey, unpackKey } from '../kv/tuple.ts';
import type { Envelope, TargetDirectory } from '../ports/outbox.ts';
import { createDeliverer } from './deliverer.ts';
import { deadPageMax, inFlightMax, safetyScanMs, targetConcurrencyDefault } from './limits.ts';
import { deadKey, deadRange, loadEnvelope, readyOf, readyPrefix, readyRange } from './rows.ts';
import type { DeadRow, QueueRow } from './rows.ts';
import { discardDead, findDead, reviveDead, settleWaited, timerService } from './settle.ts';
import { TargetQueue } from './targetQueue.ts';

export interface DispatcherOptions {
  readonly store: Store;
  /** Product time: ages and waits. */
  readonly clock: Clock;
  /** How long an attempt may take. */
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly targets: TargetDirectory;
  /** The dispatcher registers itself there; started and stopped by their owner, after and before the dispatcher. */
  readonly timers: Timers;
}

export interface DeadRecordId {
  readonly id: string;
  readonly diedAtMs: number;
}

/** An event that was given up: kept for fourteen days, with everything needed to try again. */
export interface DeadRecord extends DeadRecordId {
  readonly reason: string;
  /** Its payload is read by `readDead`. */
  readonly envelope: Omit<Envelope, 'payload'>;
}

export interface Dispatcher {
  start(): void;
  /** Begins nothing more, and waits for what is under way, at most `drainMs` of wall time; then tells it to end, and leaves it. */
  stop(drainMs?: number): Promise<void>;
  /** How many deliveries are under way. */
  inFlight(): number;
  /** Dead records, the oldest first, at most a thousand. */
  listDead(options: { readonly limit: number; readonly after?: DeadRecordId }): Promise<DeadRecord[]>;
  readDead(dead: DeadRecordId): Promise<Envelope | undefined>;
  /** Delivers a dead record as if it were new. False when there is none. */
  redrive(dead: DeadRecordId): Promise<boolean>;
  discard(dead: DeadRecordId): Promise<void>;
}

const drainMsDefault = 10_000;

/** The delivery of everything that was emitted into `store`. One process of a store runs one. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, clock, wall, random, log, targets, timers } = options;
  const queues = new Map<string, TargetQueue>();
  const withoutSlot = new Set<TargetQueue>();
  const ending = new AbortController();
  // Each delivery listens.
  setMaxListeners(0, ending.signal);
  const watching = new AbortController();
  const settleTools = { clock, random, timers };
  const deliver = createDeliverer({ store, clock, wall, log, targets, settleTools, ending: ending.signal });
  let inFlight = 0;
  let onDrained = (): void => undefined;
  let state: 'new' | 'running' | 'stopping' = 'new';
  let scanning: Promise<void> | undefined;
  let scanAgain = false;
  let cancelScan = (): void => undefined;

  timers.handle(timerService, async (tx, { id }) => {
    const [kind, ...rest] = id.split('/');
    if (kind === 'retry') return settleWaited(tx, rest.join('/'));
    if (kind === 'dead') return discardDead(tx, { diedAtMs: Number(rest[0]), id: rest.slice(1).join('/') }, timers);
    throw new InvariantError('the outbox knows no such timer', { id });
  });

  function takeSlot(queue: TargetQueue): boolean {
    if (inFlight >= inFlightMax) {
      withoutSlot.add(queue);
      return false;
    }
    inFlight += 1;
    return true;
  }

  function releaseSlot(): void {
    inFlight -= 1;
    for (const queue of withoutSlot) {
      withoutSlot.delete(queue);
      queue.resume();
      if (inFlight >= inFlightMax) break;
    }
    if (inFlight === 0) onDrained();
  }

  function queueOf(target: string): TargetQueue {
    const known = queues.get(target);
    if (known !== undefined) return known;
    const queue = new TargetQueue({
      target,
      store,
      concurrency: targets.for(target)?.concurrency ?? targetConcurrencyDefault,
      takeSlot,
      releaseSlot,
      deliver,
      onReadFailed: (error) => log.warn('events could not be read', { target, error: String(error) }),
    });
    queues.set(target, queue);
    return queue;
  }

  /** Looks for targets that have something ready: one read for each. Hints that come meanwhile make it look once more. */
  function scan(): void {
    scanAgain = true;
    scanning ??= (async () => {
      while (scanAgain && state === 'running') {
        scanAgain = false;
        await wakeReadyTargets();
      }
    })()
      .catch((error: unknown) => log.warn('events could not be read', { error: String(error) }))
      .finally(() => (scanning = undefined));
  }

  async function wakeReadyTargets(): Promise<void> {
    const seen = new Set<string>();
    for (let { from } = readyRange; ; ) {
      const [row] = await store.read((tx) => tx.range({ from, to: readyRange.to, limit: 1 }));
      if (row === undefined || state !== 'running') break;
      const { target } = decodeRecord<QueueRow>(row.value, row.key);
      seen.add(target);
      queueOf(target).wake();
      from = readyOf(target).to;
    }
    for (const [target, queue] of queues) if (!seen.has(target) && queue.idle) queues.delete(target);
  }

  async function followHints(): Promise<void> {
    for await (const _hint of store.watch(readyPrefix, watching.signal)) scan();
  }

  function planScan(): void {
    cancelScan = wall.at(wall.now() + safetyScanMs, () => {
      scan();
      planScan();
    });
  }

  return {
    start() {
      if (state !== 'new') return;
      state = 'running';
      void followHints();
      planScan();
      scan();
    },
    async stop(drainMs = drainMsDefault) {
      state = 'stopping';
      watching.abort();
      cancelScan();
      for (const queue of queues.values()) queue.stop();
      await scanning;
      for (const queue of queues.values()) queue.stop();
      if (inFlight > 0) {
        await new Promise<void>((resolve) => {
          const cancel = wall.at(wall.now() + drainMs, resolve);
          onDrained = () => {
            cancel();
            resolve();
          };
        });
      }
      ending.abort(new InvariantError('the server stops'));
    },
    inFlight: () => inFlight,
    listDead: ({ limit, after }) =>
      store.read(async (tx) => {
        const from = after === undefined ? deadRange.from : nextKey(deadKey(after.diedAtMs, after.id));
        const rows = await tx.range({ from, to: deadRange.to, limit: Math.min(limit, deadPageMax) });
        return rows.map(({ key, value }) => {
          const { reason, payload: _payload, parts: _parts, waiting: _waiting, ...rest } = decodeRecord<DeadRow>(value, key);
          const [diedAtMs, id] = unpackKey(key).slice(-2);
          return { id: String(id), diedAtMs: Number(diedAtMs), reason, envelope: { id: String(id), ...rest } };
        });
      }),
    readDead: (dead) =>
      store.read(async (tx) => {
        const row = await findDead(tx, dead);
        if (row === undefined) return undefined;
        const { reason: _reason, ...rest } = row;
        return loadEnvelope(tx, dead.id, rest);
      }),
    redrive: (dead) => store.transact((tx) => reviveDead(tx, dead, settleTools)),
    discard: (dead) => store.transact((tx) => discardDead(tx, dead, timers)),
  };
}
