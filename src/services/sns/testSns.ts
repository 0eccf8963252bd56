import { createFakeClock, type MovableClock } from '../../base/clock.ts';
import { InvariantError } from '../../base/errors.ts';
import { silentLogger } from '../../base/log.ts';
import { createSeededRandom } from '../../base/random.ts';
import type { Call } from '../../framework/context.ts';
import type { Input, OperationName, Output } from '../../framework/shapes.ts';
import { testCall } from '../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../kv/store.ts';
import { createTimers } from '../../kv/timers.ts';
import { weakMode } from '../../kv/weakMode.ts';
import { createDispatcher } from '../../outbox/dispatcher.ts';
import { createEmitter } from '../../outbox/emitter.ts';
import type { FunctionAccessVerdict } from '../../ports/functionAccess.ts';
import type { LogEvent, LogTarget } from '../../ports/logSink.ts';
import type { Mail } from '../../ports/mailbox.ts';
import type { Envelope } from '../../ports/outbox.ts';
import type { QueueMessage } from '../../ports/queueMessage.ts';
import { createSns, type RunningSns } from './createSns.ts';
import type { Post, PostResult } from './delivery/httpSender.ts';
import { everywhere, signing, type SigningRow } from './store.ts';

type Client = typeof import('@aws-sdk/client-sns');
type Name = OperationName<Client> & string;

export interface TestSns {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly sns: RunningSns;
  /** What came to the queues, in order. */
  readonly queued: { readonly queueArn: string; readonly message: QueueMessage }[];
  /** Queues that refuse everything. */
  readonly closedQueues: Set<string>;
  readonly mails: Mail[];
  readonly posts: Post[];
  /** Events for functions. */
  readonly invoked: Envelope[];
  readonly logged: { readonly target: LogTarget; readonly event: LogEvent }[];
  /** What an endpoint answers. */
  answer: (post: Post) => PostResult | Promise<PostResult>;
  mayInvoke: FunctionAccessVerdict;
  /** Runs an operation as the handler chain does: access first, then the handler. */
  run<N extends Name>(name: N, input: Partial<Input<Client, N>>, overrides?: Partial<Call>): Promise<Output<Client, N>>;
  createTopic(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  /** Subscribes a queue, or whatever else is given, and answers the ARN. */
  subscribe(topicArn: string, endpoint: string, attributes?: Readonly<Record<string, string>>, protocol?: string): Promise<string>;
  /** Publishes a text in the name of another service, or of a role. */
  emit(target: string, text: string, callingPrincipal: string, sourceArn: string): Promise<void>;
  /** Lets everything run that can. */
  settle(): Promise<void>;
  /** Moves product time, and lets everything run that waited for it. */
  advance(milliseconds: number): Promise<void>;
}

// To make one takes longer than a test: the first that needs one leaves it to the others of its file.
let signingKey: SigningRow | undefined;

const turns = async (count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** For tests: the service on a store in memory that keeps only what the seam promises, with its outbox, and clocks that stand still. */
export async function withSns(work: (sns: TestSns) => Promise<void>, { seed = 1 }: { seed?: number } = {}): Promise<void> {
  const clock = createFakeClock();
  const wall = createFakeClock();
  const random = createSeededRandom(seed);
  const plain = openMemoryStore({ clock: createFakeClock(), random });
  const store = weakMode(plain, createSeededRandom(seed + 1));
  const log = silentLogger;
  const timers = createTimers({ store, clock, wall, log });
  const emitter = createEmitter({ clock, random });
  const queued: TestSns['queued'] = [];
  const closedQueues = new Set<string>();
  const mails: Mail[] = [];
  const posts: Post[] = [];
  const invoked: Envelope[] = [];
  const logged: TestSns['logged'] = [];
  const sns = createSns({
    store, clock, wall, random, timers, emitter, log, localMode: true,
    sealKey: Buffer.alloc(32, 7),
    certify: ({ publicKeyPem }) => publicKeyPem,
    roleAccess: async ({ roleArn }) => roleArn.endsWith('/good'),
    logs: { append: (target, events) => void logged.push(...events.map((event) => ({ target, event }))), flush: async () => undefined },
    functions: { mayInvoke: async () => test.mayInvoke },
    mailbox: { put: (tx, mail) => tx.afterCommit(() => void mails.push(mail)) },
    queues: {
      async prepare({ queueArn, message }) {
        if (closedQueues.has(queueArn)) return { kind: 'refused', reason: 'AccessDenied' };
        const put = async (tx: Parameters<Parameters<Store['transact']>[0]>[0]): Promise<boolean> => {
          tx.afterCommit(() => void queued.push({ queueArn, message }));
          return true;
        };
        return { kind: 'ready', write: { locks: [], put } };
      },
    },
    send: async (post) => {
      posts.push(post);
      return test.answer(post);
    },
  });
  const functionTarget = {
    deliver: async (envelope: Envelope) => {
      invoked.push(envelope);
      return { kind: 'delivered' } as const;
    },
  };
  const dispatcher = createDispatcher({ store, clock, wall, random, log, timers, targets: { for: (arn) => (arn.startsWith('arn:aws:lambda:') ? functionTarget : sns.eventTarget(arn)) } });
  const call = (overrides: Partial<Call> = {}): Call => testCall({ nowMs: clock.now(), ...overrides });
  const settle = async (): Promise<void> => {
    // Hints may be lost: the dispatcher looks by itself every few seconds. Signatures are made on other threads.
    for (let quiet = 0; quiet < 4; ) {
      // Not while something is under way: it may only take so long.
      if (dispatcher.inFlight() === 0) wall.advance(5_000);
      await turns(60);
      await new Promise((resolve) => setTimeout(resolve, 1));
      quiet = dispatcher.inFlight() === 0 ? quiet + 1 : 0;
    }
  };
  const test: TestSns = {
    store, clock, sns, queued, closedQueues, mails, posts, invoked, logged, settle,
    answer: () => ({ kind: 'answered', status: 200 }),
    mayInvoke: { kind: 'allowed' },
    async run(name, input, overrides) {
      const operation = sns.service.find(name);
      if (!operation) throw new InvariantError('the operation is not registered in service.ts', { name });
      if (operation.access !== 'public') await operation.access(input as object, call(overrides));
      return (await operation.handle(input as object, call(overrides))) as never;
    },
    createTopic: async (name, attributes = {}) => (await test.run('CreateTopic', { Name: name, Attributes: { ...attributes } })).TopicArn ?? '',
    subscribe: async (TopicArn, Endpoint, Attributes = {}, Protocol = 'sqs') => (await test.run('Subscribe', { TopicArn, Protocol, Endpoint, Attributes: { ...Attributes }, ReturnSubscriptionArn: true })).SubscriptionArn ?? '',
    async emit(target, text, callingPrincipal, sourceArn) {
      await store.transact(async (tx) => void emitter.emit(tx, { source: 'test', sourceArn, target, account: '000000000000', region: 'us-east-1', callingPrincipal, payload: Buffer.from(text) }));
      await settle();
    },
    async advance(milliseconds) {
      clock.advance(milliseconds);
      await settle();
    },
  };
  const known = signingKey;
  if (known) await plain.transact(async (tx) => signing.set(tx, everywhere, ['key'], known));
  dispatcher.start();
  timers.start();
  try {
    await work(test);
  } finally {
    signingKey ??= await plain.read((tx) => signing.get(tx, everywhere, ['key']));
    await dispatcher.stop(0);
    await timers.stop();
    await plain.close();
  }
}
