// The service on a store in memory with what is around it faked: for tests beside the operations.
import { createFakeClock } from '../../../base/clock.ts';
import type { MovableClock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import { silentLogger } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { Input, OperationName, Output } from '../../../framework/shapes.ts';
import { createFakeEncryption } from '../../../framework/testing/fakeEncryption.ts';
import type { FakeEncryption } from '../../../framework/testing/fakeEncryption.ts';
import { createFakeTimers } from '../../../framework/testing/fakeTimers.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../../kv/store.ts';
import { weakMode } from '../../../kv/weakMode.ts';
import type { FunctionAccessVerdict } from '../../../ports/functionAccess.ts';
import type { FunctionAnswer, FunctionInvocation } from '../../../ports/functionInvoker.ts';
import type { Emitter, EnvelopeDraft } from '../../../ports/outbox.ts';
import { createSecretsManager } from '../createSecretsManager.ts';
import type { SecretsManager } from '../createSecretsManager.ts';

type Client = typeof import('@aws-sdk/client-secrets-manager');

export interface TestSecrets {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly encryption: FakeEncryption;
  /** What rotation functions were called with. */
  readonly invocations: { readonly functionArn: string; readonly event: RotationEvent }[];
  /** What a rotation function does; it succeeds unless told otherwise. */
  setFunction(run: (event: RotationEvent) => Promise<FunctionAnswer | undefined>): void;
  setVerdict(verdict: FunctionAccessVerdict): void;
  /** Runs an operation as the handler chain does after its checks: access first, then the handler. */
  run<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>, call?: Partial<Call>): Promise<Output<Client, Name>>;
  /** What the operation needs permission for. */
  access<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>, call?: Partial<Call>): Promise<readonly AccessRequest[]>;
  /** Delivers what the service told itself, until nothing is left. */
  deliver(): Promise<void>;
  /** Moves the clock to each timer that is due until then. */
  advance(ms: number): Promise<void>;
}

export interface RotationEvent {
  readonly Step: string;
  readonly SecretId: string;
  readonly ClientRequestToken: string;
  readonly RotationToken: string;
}

export const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:rotate';

export function createTestSecrets(): TestSecrets {
  const clock = createFakeClock();
  const store = weakMode(openMemoryStore({ clock, random: createSeededRandom(1) }), createSeededRandom(2));
  const encryption = createFakeEncryption();
  const timers = createFakeTimers(store, clock);
  const outbox = createFakeEmitter();
  const invocations: { functionArn: string; event: RotationEvent }[] = [];
  let verdict: FunctionAccessVerdict = { kind: 'allowed' };
  let runFunction: (event: RotationEvent) => Promise<FunctionAnswer | undefined> = async () => undefined;
  const manager = createSecretsManager({
    store,
    random: createSeededRandom(3),
    encryption,
    timers,
    emitter: outbox,
    functions: { mayInvoke: async () => verdict },
    invoker: {
      async invoke({ functionArn: arn, payload }: FunctionInvocation) {
        const event = JSON.parse(Buffer.from(payload).toString('utf8')) as RotationEvent;
        invocations.push({ functionArn: arn, event });
        return (await runFunction(event)) ?? { kind: 'answered', failed: false, payload: Buffer.from('null') };
      },
    },
    clock,
    log: silentLogger,
  });
  const find = (name: string) => {
    const operation = manager.service.find(name);
    if (!operation) throw new ServiceError('UnknownOperationException', name);
    return operation;
  };
  const callOf = (overrides: Partial<Call> = {}): Call => testCall({ nowMs: clock.now(), ...overrides });
  async function access(name: string, input: object, call?: Partial<Call>): Promise<readonly AccessRequest[]> {
    const { access: asked } = find(name);
    if (asked === 'public') return [];
    const requests = await asked(input, callOf(call));
    return Array.isArray(requests) ? (requests as readonly AccessRequest[]) : [requests as AccessRequest];
  }
  return {
    store,
    clock,
    encryption,
    invocations,
    setFunction(run) {
      runFunction = run;
    },
    setVerdict(next) {
      verdict = next;
    },
    async run(name, input, call) {
      await access(name, input as object, call);
      return (await find(name).handle(input as object, callOf(call))) as never;
    },
    access: (name, input, call) => access(name, input as object, call),
    deliver: () => outbox.deliver(store, manager),
    advance: (ms) => timers.advance(ms),
  };
}

function createFakeEmitter(): Emitter & { deliver(store: Store, manager: SecretsManager): Promise<void> } {
  const waiting: { readonly draft: EnvelopeDraft; readonly id: string }[] = [];
  let count = 0;
  return {
    emit(tx, draft) {
      const id = `event-${++count}`;
      tx.afterCommit(() => waiting.push({ draft, id }));
      return id;
    },
    async deliver(store, { eventTarget }) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { draft, id } = next;
        const attemptsMax = draft.maximumAttempts ?? 10;
        const envelope = { orderingKey: undefined, sourceArn: undefined, maximumAgeMs: 1e9, ...draft, maximumAttempts: attemptsMax, id, createdAtMs: 0, attempts: 0 };
        for (let attempts = 0; ; attempts++) {
          const result = await eventTarget.deliver({ ...envelope, attempts }, { acknowledge: async () => true, signal: new AbortController().signal });
          if (result.kind === 'delivered') break;
          if (attempts + 1 < attemptsMax && result.kind === 'retry') continue;
          await store.transact(async (tx) => eventTarget.giveUp?.(tx, { ...envelope, attempts }, result.reason));
          break;
        }
      }
    },
  };
}
