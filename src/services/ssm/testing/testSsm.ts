// The service on a store in memory with what is around it faked: for tests beside the operations.
import { createFakeClock } from '../../../base/clock.ts';
import type { MovableClock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
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
import type { EventBus, ServiceEvent } from '../../../ports/eventBus.ts';
import type { SecretText } from '../../../ports/secretReader.ts';
import { createSsm } from '../createSsm.ts';

type Client = typeof import('@aws-sdk/client-ssm');

export interface TestSsm {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly encryption: FakeEncryption;
  /** What the default bus was told, in order. */
  readonly events: readonly ServiceEvent[];
  /** Secrets that names under `/aws/reference/secretsmanager/` lead to. */
  readonly secrets: Map<string, SecretText>;
  /** Runs an operation as the handler chain does after its checks: access first, then the handler. */
  run<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>, call?: Partial<Call>): Promise<Output<Client, Name>>;
  /** What the operation needs permission for. */
  access<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>, call?: Partial<Call>): Promise<readonly AccessRequest[]>;
  /** Moves the clock to each timer that is due until then. */
  advance(ms: number): Promise<void>;
}

export function createTestSsm(): TestSsm {
  const clock = createFakeClock();
  const store = weakMode(openMemoryStore({ clock, random: createSeededRandom(1) }), createSeededRandom(2));
  const encryption = createFakeEncryption();
  const secrets = new Map<string, SecretText>();
  const events: ServiceEvent[] = [];
  const bus: EventBus = { put: async (tx, event) => (tx.afterCommit(() => void events.push(event)), 'id') };
  const timers = createFakeTimers(store, clock);
  const service = createSsm({
    store,
    random: createSeededRandom(3),
    encryption,
    timers,
    bus,
    secrets: {
      async read({ secretId }) {
        const secret = secrets.get(secretId);
        if (secret === undefined) throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
        return secret;
      },
    },
  });
  const find = (name: string) => {
    const operation = service.find(name);
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
    events,
    secrets,
    async run(name, input, call) {
      await access(name, input as object, call);
      return (await find(name).handle(input as object, callOf(call))) as never;
    },
    access: (name, input, call) => access(name, input as object, call),
    advance: (ms) => timers.advance(ms),
  };
}
