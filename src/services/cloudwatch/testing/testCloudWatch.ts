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
import type { EventBus, ServiceEvent } from '../../../ports/eventBus.ts';
import type { Emitter, EnvelopeDraft } from '../../../ports/outbox.ts';
import { createCloudWatch } from '../createCloudWatch.ts';
import type { RunningCloudWatch } from '../createCloudWatch.ts';

type Client = typeof import('@aws-sdk/client-cloudwatch');

export interface TestCloudWatch {
  readonly cloudWatch: RunningCloudWatch;
  readonly clock: MovableClock;
  readonly store: Store;
  run<Name extends OperationName<Client> & string>(name: Name, input: Input<Client, Name>): Promise<Output<Client, Name>>;
  /** What alarms have sent, in order. */
  readonly sent: EnvelopeDraft[];
  /** Events of the default bus, in order. */
  readonly events: ServiceEvent[];
  /** Moves the clock to each timer that is due until then, and waits for what that brings. */
  advance(ms: number): Promise<void>;
}

export const testStart = Date.parse('2026-01-05T12:00:00Z');

export function createTestCloudWatch(): TestCloudWatch {
  const clock = createFakeClock(testStart);
  const random = createSeededRandom(1);
  const store = openMemoryStore({ clock, random });
  const timers = createFakeTimers(store, clock);
  const sent: EnvelopeDraft[] = [];
  const events: ServiceEvent[] = [];
  const emitter: Emitter = { emit: (tx, draft) => (tx.afterCommit(() => void sent.push(draft)), 'id') };
  const bus: EventBus = { put: async (tx, event) => (tx.afterCommit(() => void events.push(event)), 'id') };
  const cloudWatch = createCloudWatch({ store, clock, wall: createFakeClock(), random, timers, emitter, bus, log: silentLogger });
  return {
    cloudWatch,
    clock,
    store,
    sent,
    events,
    async run(name, input) {
      const operation = cloudWatch.service.find(name);
      assert.ok(operation, name);
      const call = testCall({ nowMs: clock.now() });
      if (operation.access !== 'public') await operation.access(input as object, call);
      return (await operation.handle(input as object, call)) as never;
    },
    async advance(ms) {
      await timers.advance(ms);
      await cloudWatch.settle();
    },
  };
}
