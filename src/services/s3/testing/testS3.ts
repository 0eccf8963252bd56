import { createFakeClock, type MovableClock } from '../../../base/clock.ts';
import { InvariantError } from '../../../base/errors.ts';
import { silentLogger } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import { type BlobStore } from '../../../blob/blobStore.ts';
import { openMemoryBlobStore } from '../../../blob/memoryBlobStore.ts';
import type { Input, OperationName, Output } from '../../../framework/shapes.ts';
import { testBody } from '../../../framework/testing/testBody.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../../kv/store.ts';
import { createTimers, type Timers } from '../../../kv/timers.ts';
import { weakMode } from '../../../kv/weakMode.ts';
import { decodeQueueMessage } from '../../../ports/queueMessage.ts';
import type { EnvelopeDraft } from '../../../ports/outbox.ts';
import { createS3 } from '../createS3.ts';
import { requireBucket } from '../store.ts';

type Client = typeof import('@aws-sdk/client-s3');
type Name = OperationName<Client> & string;
type Given<N extends Name> = Omit<Input<Client, N>, 'Body'> & { readonly Body?: string | Uint8Array };

export interface TestS3 {
  /** Runs an operation as the handler chain does once a request has been read and checked against the model. */
  run<N extends Name>(name: N, input: Given<N>, headers?: Readonly<Record<string, string>>): Promise<Output<Client, N>>;
  readonly store: Store;
  readonly blobs: BlobStore;
  /** How many there are. */
  countBlobs(): Promise<number>;
  readonly clock: MovableClock;
  readonly timers: Timers;
  /** The id of the timer of a bucket's lifecycle rules. */
  lifecycleTimerOf(bucket: string): Promise<string>;
  /** Everything that has been emitted, payloads parsed. */
  readonly told: { readonly draft: EnvelopeDraft; readonly payload: unknown }[];
}

/** For tests: the service on a store in memory that keeps only what the seam promises, with a clock that stands still. */
export function createTestS3(): TestS3 {
  const clock = createFakeClock();
  const random = createSeededRandom(1);
  const store = weakMode(openMemoryStore({ clock, random }), createSeededRandom(2));
  const blobs = openMemoryBlobStore({ random });
  const timers = createTimers({ store, clock, wall: clock, log: silentLogger });
  const told: { draft: EnvelopeDraft; payload: unknown }[] = [];
  const { service } = createS3({
    store,
    blobs,
    clock,
    random,
    log: silentLogger,
    timers,
    roleAccess: async () => true,
    emitter: {
      emit(tx, draft) {
        const text = decodeQueueMessage(draft.payload)?.body ?? Buffer.from(draft.payload).toString('utf8');
        const payload: unknown = JSON.parse(text);
        tx.afterCommit(() => told.push({ draft, payload }));
        return String(told.length);
      },
    },
    targets: {
      functions: { mayInvoke: async ({ functionArn }) => (functionArn.endsWith(':allowed') ? { kind: 'allowed' } : functionArn.endsWith(':denied') ? { kind: 'denied', remedy: '' } : { kind: 'no-such-function' }) },
      others: new Map([['sqs', async ({ arn }) => (arn.endsWith(':allowed') ? { kind: 'allowed' as const } : { kind: 'absent' as const })]]),
    },
  });
  return {
    store,
    blobs,
    async countBlobs() {
      const hold = blobs.hold();
      const { length } = await hold.list();
      hold.release();
      return length;
    },
    clock,
    timers,
    lifecycleTimerOf: async (name) => `lifecycle/${(await store.read((tx) => requireBucket(tx, name))).id}`,
    told,
    async run(name, input, headers = {}) {
      const operation = service.find(name);
      if (!operation) throw new InvariantError('the operation is not registered in service.ts', { name });
      const { Body, ...rest } = input as { readonly Body?: string | Uint8Array };
      const body = ['PutObject', 'UploadPart'].includes(name) ? { Body: testBody(Buffer.from(Body ?? '')) } : Body === undefined ? {} : { Body };
      const call = testCall({ nowMs: clock.now(), head: { method: 'GET', path: '/', query: '', headers } });
      const whole = { ...rest, ...body };
      if (operation.access !== 'public') await operation.access(whole, call);
      return (await operation.handle(whole, call)) as never;
    },
  };
}
