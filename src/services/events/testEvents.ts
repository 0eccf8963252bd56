import { createFakeClock, type MovableClock } from '../../base/clock.ts';
import { InvariantError } from '../../base/errors.ts';
import { silentLogger } from '../../base/log.ts';
import { createSeededRandom } from '../../base/random.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { Input, OperationName, Output } from '../../framework/shapes.ts';
import { testCall } from '../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../kv/store.ts';
import { createTimers } from '../../kv/timers.ts';
import { weakMode } from '../../kv/weakMode.ts';
import { createDispatcher } from '../../outbox/dispatcher.ts';
import { createEmitter } from '../../outbox/emitter.ts';
import type { DeliveryResult, Emitter, Envelope, TargetDirectory } from '../../ports/outbox.ts';
import { decodeQueueMessage, type QueueMessage } from '../../ports/queueMessage.ts';
import { createEvents, type RunningEvents } from './createEvents.ts';

type Client = typeof import('@aws-sdk/client-eventbridge');
type Name = OperationName<Client> & string;

export interface Received {
  readonly target: string;
  readonly principal: string;
  readonly message: QueueMessage;
}

export interface TestEvents {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly events: RunningEvents;
  readonly emitter: Emitter;
  /** What has come to queues, functions and log groups, in order. */
  readonly received: Received[];
  /** What the next deliveries answer, except to queues whose names have `-dead`; 'delivered' when it is empty. */
  readonly answers: DeliveryResult[];
  /** Runs an operation as the handler chain does: access first, then the handler. */
  run<N extends Name>(name: N, input: Partial<Input<Client, N>>, overrides?: Partial<Call>): Promise<Output<Client, N>>;
  /** What the operation needs permission for. */
  access<N extends Name>(name: N, input: Partial<Input<Client, N>>): Promise<readonly AccessRequest[]>;
  /** Moves product time a little at a time until a condition holds; hints may be lost, and then it takes a while. */
  until(condition: () => boolean | Promise<boolean>, stepMs?: number): Promise<void>;
}

const turns = async (count = 20): Promise<void> => {
  for (let index = 0; index < count; index += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** For tests: the service on a store in memory that keeps only what the seam promises, with a clock that stands still and targets that note everything. */
export async function withEvents(work: (events: TestEvents) => Promise<void>, { seed = 1 }: { seed?: number } = {}): Promise<void> {
  const clock = createFakeClock();
  const random = createSeededRandom(seed);
  const plain = openMemoryStore({ clock: createFakeClock(), random });
  const store = weakMode(plain, createSeededRandom(seed + 1));
  const timers = createTimers({ store, clock, wall: clock, log: silentLogger });
  const emitter = createEmitter({ clock, random });
  const received: Received[] = [];
  const answers: DeliveryResult[] = [];
  const deliver = async ({ target, callingPrincipal: principal, payload }: Envelope): Promise<DeliveryResult> => {
    const answer = (target.includes('-dead') ? undefined : answers.shift()) ?? { kind: 'delivered' };
    if (answer.kind === 'delivered') received.push({ target, principal, message: decodeQueueMessage(payload) });
    return answer;
  };
  const directory: TargetDirectory = { for: (arn) => (/^arn:aws:(sqs|lambda|sns):/.test(arn) ? { deliver } : /^arn:aws:events:/.test(arn) ? events.eventTarget(arn) : undefined) };
  const secrets = new Map<string, string>();
  const events: RunningEvents = createEvents({
    ...{ store, clock, wall: clock, random, timers, emitter, log: silentLogger, directory, allowsLoopback: true },
    functions: { mayInvoke: async ({ functionArn }) => (functionArn.endsWith('closed') ? { kind: 'denied', remedy: '' } : { kind: 'allowed' }) },
    roleAccess: async ({ roleArn }) => roleArn.endsWith('/sender'),
    secrets: {
      async put({ name, text }) {
        secrets.set(`arn:secret:${name}`, text);
        return `arn:secret:${name}`;
      },
      read: async (arn) => secrets.get(arn),
      async remove(arn) {
        secrets.delete(arn);
      },
    },
    logs: { sink: { append: ({ logGroupName }, [event]) => void received.push({ target: logGroupName, principal: '', message: { body: event?.message ?? '' } }), flush: async () => undefined }, exists: async () => true, mayWrite: async ({ logGroupName }) => !logGroupName.endsWith('closed') },
  });
  const dispatcher = createDispatcher({ store, clock, wall: clock, random, log: silentLogger, targets: directory, timers });
  dispatcher.start();
  timers.start();
  const find = (name: string) => {
    const operation = events.service.find(name);
    if (!operation) throw new InvariantError('the operation is not registered in service.ts', { name });
    return operation;
  };
  const call = (overrides: Partial<Call> = {}): Call => testCall({ nowMs: clock.now(), ...overrides });
  const accessOf = async (name: string, input: object, overrides?: Partial<Call>): Promise<readonly AccessRequest[]> => {
    const { access } = find(name);
    if (access === 'public') throw new InvariantError('the operation is public', { name });
    return [await access(input, call(overrides))].flat();
  };
  try {
    await work({
      ...{ store, clock, events, emitter, received, answers },
      async run(name, input, overrides) {
        await accessOf(name, input, overrides);
        return (await find(name).handle(input as object, call(overrides))) as never;
      },
      access: (name, input) => accessOf(name, input as object),
      async until(condition, stepMs = 100) {
        for (let steps = 0; steps < 4_000; steps += 1) {
          if (await condition()) return;
          await turns();
          clock.advance(stepMs);
        }
        throw new InvariantError('what was waited for has not come', { received: received.length });
      },
    });
  } finally {
    await dispatcher.stop(0);
    await timers.stop();
    await plain.close();
  }
}
