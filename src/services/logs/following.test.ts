import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { createSeededRandom } from '../../base/random.ts';
import { createTimers } from '../../kv/timers.ts';
import { createDispatcher } from '../../outbox/dispatcher.ts';
import { createEmitter } from '../../outbox/emitter.ts';
import type { MetricDatum } from '../../ports/metrics.ts';
import { createFollowing, takeEvents } from './following.ts';
import { requireGroup, requireStream } from './store.ts';
import { createTestLogs } from './testLogs.ts';

const scope = { account: '000000000000', region: 'us-east-1' };
const logGroupName = '/app';
const logStreamName = 's';
const destinationArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';

test('createFollowing tells each event once, though attempts are repeated and a dispatcher is cut off', async () => {
  const logs = createTestLogs();
  const { store, clock } = logs;
  logs.functions.add(destinationArn);
  await logs.run('CreateLogGroup', { logGroupName });
  await logs.run('CreateLogStream', { logGroupName, logStreamName });
  await logs.run('PutSubscriptionFilter', { logGroupName, filterName: 'f', filterPattern: '', destinationArn });
  await logs.run('PutMetricFilter', { logGroupName, filterName: 'm', filterPattern: 'n', metricTransformations: [{ metricName: 'N', metricNamespace: 'App', metricValue: '1' }] });

  const random = createSeededRandom(7);
  const recorded: MetricDatum[] = [];
  const recorder = { record: (datum: MetricDatum) => void recorded.push(datum), series: () => ({ record: () => undefined }) };
  const following = createFollowing({ store, clock, log: silentLogger, emitter: createEmitter({ clock, random }), functions: { mayInvoke: async () => ({ kind: 'allowed' }) }, recorder });
  const received = new Set<string>();
  const functions = {
    async deliver({ id }: { readonly id: string }) {
      received.add(id);
      return { kind: 'delivered' as const };
    },
  };
  const wall = createFakeClock();
  const open = () => {
    const timers = createTimers({ store, clock, wall, log: silentLogger });
    const dispatcher = createDispatcher({ store, clock, wall, random, log: silentLogger, timers, targets: { for: (arn) => following.eventTarget(arn) ?? (arn === destinationArn ? functions : undefined) } });
    dispatcher.start();
    timers.start();
    return async () => {
      const stopping = dispatcher.stop(0);
      // A drain of no time ends when its clock says so.
      wall.advance(0);
      await stopping;
      await timers.stop();
    };
  };

  const stopFirst = open();
  for (let n = 0; n < 20; n += 1) {
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      const stream = await requireStream(tx, scope, group.id, logStreamName);
      await takeEvents(tx, following, { scope, groupName: logGroupName, group, streamName: logStreamName, stream, events: [{ timestampMs: clock.now(), message: `n ${n}` }], nowMs: clock.now(), wallMs: 0 });
    });
  }
  await stopFirst();
  const stopSecond = open();
  for (let turn = 0; turn < 20_000 && (received.size < 20 || recorded.length < 60); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    wall.advance(50);
    clock.advance(50);
  }
  // One message for each commit: none is lost, and none was told under another id as well.
  assert.equal(received.size, 20);
  assert.equal(recorded.filter(({ name }) => name === 'N').length, 20);
  await stopSecond();
});
