import { ServiceError } from '../../base/errors.ts';
import { createFakeClock } from '../../base/clock.ts';
import type { MovableClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { createSeededRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { Input, OperationName, Output } from '../../framework/shapes.ts';
import { testCall } from '../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../kv/store.ts';
import { weakMode } from '../../kv/weakMode.ts';
import { createLiveTails } from './liveTails.ts';
import type { LiveTails } from './liveTails.ts';
import { logs } from './service.ts';

type Client = typeof import('@aws-sdk/client-cloudwatch-logs');

export interface TestLogs {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly random: Random;
  /** Stands still as well, apart from the clock of the product. */
  readonly wall: MovableClock;
  readonly liveTails: LiveTails;
  /** Runs an operation as the handler chain does after its checks: access first, then the handler. */
  run<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>): Promise<Output<Client, Name>>;
  /** What the operation needs permission for. */
  access<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>): Promise<readonly AccessRequest[]>;
}

/**
 * For tests: the service on a store in memory that keeps only what the seam promises, with a clock that stands still. Tests
 * with much data take `weak: false`.
 */
export function createTestLogs({ weak = true } = {}): TestLogs {
  const clock = createFakeClock();
  const random = createSeededRandom(1);
  const plain = openMemoryStore({ clock, random });
  const store = weak ? weakMode(plain, createSeededRandom(2)) : plain;
  const wall = createFakeClock();
  const liveTails = createLiveTails({ store, clock, wall, random, log: silentLogger });
  const service = logs.bind({ store, clock, wall, random, liveTails });
  const call = (): Call => testCall({ nowMs: clock.now() });
  const find = (name: string) => {
    const operation = service.find(name);
    if (!operation) throw new ServiceError('UnknownOperationException', name);
    return operation;
  };
  const access = async (name: string, input: object): Promise<readonly AccessRequest[]> => {
    const { access: asked } = find(name);
    if (asked === 'public') return [];
    const requests = await asked(input, call());
    return Array.isArray(requests) ? (requests as readonly AccessRequest[]) : [requests as AccessRequest];
  };
  return {
    store,
    clock,
    random,
    wall,
    liveTails,
    async run(name, input) {
      await access(name, input as object);
      return (await find(name).handle(input as object, call())) as never;
    },
    access: (name, input) => access(name, input as object),
  };
}
