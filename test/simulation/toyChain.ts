// Three services: a request to A is told to B (a target in the store), and B tells C (a target outside). B also sets a timer for each.
import type { Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import type { Random } from '../../src/base/random.ts';
import { decodeRecord, encodeRecord } from '../../src/kv/record.ts';
import type { Stamp, Store } from '../../src/kv/store.ts';
import { createTimers } from '../../src/kv/timers.ts';
import { packKey } from '../../src/kv/tuple.ts';
import { createDispatcher } from '../../src/outbox/dispatcher.ts';
import type { DeadRecord, Dispatcher } from '../../src/outbox/dispatcher.ts';
import { createEmitter } from '../../src/outbox/emitter.ts';
import type { DeliveryTarget } from '../../src/ports/outbox.ts';

export interface Message {
  /** Unique. */
  readonly number: number;
  readonly key: string;
}

export interface ToyChain {
  readonly dispatcher: Dispatcher;
  /** Resolves when A has acknowledged. */
  request(message: Message): Promise<void>;
  start(): void;
  stop(drainMs: number): Promise<void>;
}

export interface ToyChainOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly random: Random;
  readonly c: DeliveryTarget;
}

export interface DeadMessage {
  readonly message: Message;
  readonly reason: string;
  readonly attempts: number;
}

/** What the three have written. */
export interface ToyRecords {
  readonly a: Message[];
  readonly b: Message[];
  readonly reminders: number[];
  readonly dead: DeadMessage[];
  readonly envelopes: number;
}

/** Always failing messages get this many attempts. */
export const fragileAttempts = 3;
export const isPoison = ({ number }: Message): boolean => number % 17 === 0;
export const isFragile = ({ number }: Message): boolean => number % 13 === 0 && number % 17 !== 0;
export const readMessage = (payload: Uint8Array): Message => JSON.parse(Buffer.from(payload).toString()) as Message;

const pageRows = 5_000;
const arnOf = (name: string): string => `arn:aws:toy:us-east-1:000000000000:${name}`;
const logOf = (name: string): Uint8Array => packKey(['toy', name]);
const draft = { source: 'toy', account: '000000000000', region: 'us-east-1', callingPrincipal: 'toy.amazonaws.com', maximumAgeMs: 1e12 };

/** One life of the three services over `store`. */
export function openToyChain({ store, clock, wall, random, c }: ToyChainOptions): ToyChain {
  const emitter = createEmitter({ clock, random });
  const timers = createTimers({ store, clock, wall, log: silentLogger });
  const b: DeliveryTarget = {
    async deliver({ payload }, delivery) {
      const message = readMessage(payload);
      await store.transact(async (tx) => {
        if (!(await delivery.acknowledge(tx))) return;
        tx.stamped(logOf('b'), encodeRecord(message));
        await timers.set(tx, { service: 'b', id: String(message.number), dueMs: clock.now() + 10_000 });
        const maximumAttempts = isFragile(message) ? fragileAttempts : 1_000_000;
        emitter.emit(tx, { ...draft, target: arnOf('c'), payload, orderingKey: message.key, maximumAttempts });
      });
      return { kind: 'delivered' };
    },
  };
  timers.handle('b', async (tx, { id }) => tx.stamped(logOf('reminder'), encodeRecord({ number: Number(id), key: '' })));
  const targets = new Map([[arnOf('b'), b], [arnOf('c'), c]]);
  const dispatcher = createDispatcher({ store, clock, wall, random, log: silentLogger, timers, targets: { for: (arn) => targets.get(arn) } });
  return {
    dispatcher,
    request: (message) =>
      store.transact(async (tx) => {
        tx.stamped(logOf('a'), encodeRecord(message));
        const payload = Buffer.from(JSON.stringify(message));
        emitter.emit(tx, { ...draft, target: arnOf('b'), payload, orderingKey: message.key, maximumAttempts: 1_000_000 });
      }),
    start() {
      dispatcher.start();
      timers.start();
    },
    async stop(drainMs) {
      await dispatcher.stop(drainMs);
      await timers.stop();
    },
  };
}

/** Reads what the three services have done so far. */
export async function readToyRecords(store: Store, dispatcher: Dispatcher): Promise<ToyRecords> {
  const read = async (name: string): Promise<Message[]> => {
    const messages: Message[] = [];
    for (let after: Stamp | undefined; ; ) {
      const rows = await store.tail(logOf(name), after, pageRows);
      messages.push(...rows.map((row) => decodeRecord<Message>(row.value, row.key)));
      after = rows.at(-1)?.key.subarray(-10);
      if (rows.length < pageRows) return messages;
    }
  };
  const from = packKey(['outbox', '', '', 'envelope']);
  const envelopes = await store.read((tx) => tx.range({ from, to: Buffer.concat([from, Buffer.of(0xff)]), limit: 10_000 }));
  const [a, b, reminders] = await Promise.all(['a', 'b', 'reminder'].map(read));
  const dead: DeadMessage[] = [];
  for (let after: DeadRecord | undefined; ; ) {
    const page = await dispatcher.listDead({ limit: 1_000, ...(after === undefined ? {} : { after }) });
    for (const record of page) {
      const envelope = await dispatcher.readDead(record);
      if (envelope !== undefined) dead.push({ message: readMessage(envelope.payload), reason: record.reason, attempts: envelope.attempts });
    }
    after = page.at(-1);
    if (after === undefined) break;
  }
  return {
    a: a ?? [],
    b: b ?? [],
    reminders: (reminders ?? []).map(({ number }) => number),
    dead,
    envelopes: envelopes.length,
  };
}
