import { createFakeClock } from '../../base/clock.ts';
import { InvariantError } from '../../base/errors.ts';
import { createSeededRandom } from '../../base/random.ts';
import type { Input, OperationName, Output } from '../../framework/shapes.ts';
import { testCall } from '../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import { weakMode } from '../../kv/weakMode.ts';
import { helloWorld } from './service.ts';

type Client = typeof import('./shapes.ts');
type Name = OperationName<Client> & string;

export interface TestHelloWorld {
  /** Runs an operation as the handler chain does once a request has been read and checked against the model. */
  run<N extends Name>(name: N, input: Input<Client, N>): Promise<Output<Client, N>>;
}

/** For tests: the service on a store in memory that keeps only what the seam promises, with a clock that stands still. */
export function createTestHelloWorld(): TestHelloWorld {
  const clock = createFakeClock();
  const store = weakMode(openMemoryStore({ clock, random: createSeededRandom(1) }), createSeededRandom(2));
  const service = helloWorld.bind({ store });
  const call = testCall({ nowMs: clock.now() });
  return {
    async run(name, input) {
      const operation = service.find(name);
      if (!operation) throw new InvariantError('the operation is not registered in service.ts', { name });
      if (operation.access !== 'public') await operation.access(input as object, call);
      return (await operation.handle(input as object, call)) as never;
    },
  };
}
