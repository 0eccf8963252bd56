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
import type { Encryption } from '../../ports/encryption.ts';
import { createSqs, type RunningSqs } from './createSqs.ts';

type Client = typeof import('@aws-sdk/client-sqs');
type Name = OperationName<Client> & string;

export interface TestSqs {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly sqs: RunningSqs;
  /** Runs an operation as the handler chain does: access first, then the handler. */
  run<N extends Name>(name: N, input: Partial<Input<Client, N>>, overrides?: Partial<Call>): Promise<Output<Client, N>>;
  /** What the operation needs permission for. */
  access<N extends Name>(name: N, input: Partial<Input<Client, N>>): Promise<AccessRequest>;
  /** Makes a queue and answers its URL. */
  create(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  /** Moves product time, and lets everything that waits for it run. */
  advance(milliseconds: number): Promise<void>;
  /** Moves product time on, a little at a time, until `waited` has come: hints may be lost, and then it takes a second. */
  comeTo<T>(waited: Promise<T>): Promise<T>;
}

export const turns = async (count = 40): Promise<void> => {
  for (let index = 0; index < count; index += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** For tests: the service on a store in memory that keeps only what the seam promises, with clocks that stand still. */
export async function withSqs(work: (sqs: TestSqs) => Promise<void>, { seed = 1, encryption }: { seed?: number; encryption?: Encryption } = {}): Promise<void> {
  const clock = createFakeClock();
  const random = createSeededRandom(seed);
  const plain = openMemoryStore({ clock: createFakeClock(), random });
  const store = weakMode(plain, createSeededRandom(seed + 1));
  const timers = createTimers({ store, clock, wall: createFakeClock(), log: silentLogger });
  const sqs = createSqs({ sealKey: Buffer.alloc(32, 7), ...(encryption ? { encryption } : {}), store, clock, random, timers, roleAccess: async ({ roleArn }) => roleArn.endsWith('/sender'), log: silentLogger });
  timers.start();
  const find = (name: string) => {
    const operation = sqs.service.find(name);
    if (!operation) throw new InvariantError('the operation is not registered in service.ts', { name });
    return operation;
  };
  const call = (overrides: Partial<Call> = {}): Call =>
    testCall({ nowMs: clock.now(), head: { method: 'POST', path: '/', query: '', headers: { 'x-amz-target': 'AmazonSQS.X' } }, ...overrides });
  const run: TestSqs['run'] = async (name, input, overrides) => {
    const operation = find(name);
    if (operation.access !== 'public') await operation.access(input as object, call(overrides));
    return (await operation.handle(input as object, call(overrides))) as never;
  };
  try {
    await work({
      store,
      clock,
      sqs,
      run,
      async access(name, input) {
        const { access } = find(name);
        if (access === 'public') throw new InvariantError('the operation is public', { name });
        return (await access(input as object, call())) as AccessRequest;
      },
      async create(name, attributes) {
        const { QueueUrl: url = '' } = await run('CreateQueue', { QueueName: name, ...(attributes ? { Attributes: attributes } : {}) });
        return url;
      },
      async advance(milliseconds) {
        clock.advance(milliseconds);
        await turns();
      },
      async comeTo(waited) {
        let came = false;
        const note = (): void => void (came = true);
        waited.then(note, note);
        for (let steps = 0; !came && steps < 400; steps += 1) {
          await turns(10);
          if (!came) clock.advance(100);
        }
        return waited;
      },
    });
  } finally {
    await timers.stop();
    await sqs.close();
    await plain.close();
  }
}
