// The service on a store in memory: for tests beside the operations.
import assert from 'node:assert/strict';
import { createFakeClock } from '../../../base/clock.ts';
import type { MovableClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import type { Input, OperationName, Output } from '../../../framework/shapes.ts';
import { createFakeTimers } from '../../../framework/testing/fakeTimers.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../../kv/store.ts';
import { createCloudWatch } from '../createCloudWatch.ts';
import type { RunningCloudWatch } from '../createCloudWatch.ts';

type Client = typeof import('@aws-sdk/client-cloudwatch');

export interface TestCloudWatch {
  readonly cloudWatch: RunningCloudWatch;
  readonly clock: MovableClock;
  readonly store: Store;
  run<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>): Promise<Output<Client, Name>>;
  /** Moves the clock to each timer that is due until then. */
  advance(ms: number): Promise<void>;
}

export const testStart = Date.parse('2026-01-05T12:00:00Z');

export function createTestCloudWatch(): TestCloudWatch {
  const clock = createFakeClock(testStart);
  const random = createSeededRandom(1);
  const store = openMemoryStore({ clock, random });
  const timers = createFakeTimers(store, clock);
  const cloudWatch = createCloudWatch({ store, clock, wall: createFakeClock(), random, timers, log: silentLogger });
  return {
    cloudWatch,
    clock,
    store,
    async run(name, input) {
      const operation = cloudWatch.service.find(name);
      assert.ok(operation, name);
      const call = testCall({ nowMs: clock.now() });
      if (operation.access !== 'public') await operation.access(input as object, call);
      return (await operation.handle(input as object, call)) as never;
    },
    advance: (ms) => timers.advance(ms),
  };
}
