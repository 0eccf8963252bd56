import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../../kv/drivers/memory/openMemoryStore.ts';
import { weakMode } from '../../../kv/weakMode.ts';
import { retentionMs } from '../limits.ts';
import { createRecorder } from '../recorder.ts';
import { cloudTrail } from '../service.ts';

test('LookupEvents forgets what is older than 90 days, in answers at once and on disk with the next record', async () => {
  const clock = createFakeClock();
  const random = createSeededRandom(1);
  const store = weakMode(openMemoryStore({ clock, random }), createSeededRandom(2));
  const recorder = createRecorder({ store, clock, wall: createFakeClock(), random, log: silentLogger });
  const service = cloudTrail.bind({ store, recorder });
  const call = testCall();
  const record = (operation: string): void =>
    recorder.record({ ...call, requestId: 'r', atMs: clock.now(), accessKeyId: undefined, service: 'iam', endpointPrefix: 'iam', operation, uri: '/', input: {}, output: {}, error: undefined, userAgent: 'test' });
  const names = async (): Promise<unknown[]> => {
    const { Events } = (await service.find('LookupEvents')?.handle({}, testCall({ nowMs: clock.now() }))) as { Events: { EventName: string }[] };
    return Events.map(({ EventName }) => EventName);
  };
  record('CreateUser');
  clock.advance(1_000);
  record('DeleteUser');
  assert.deepEqual(await names(), ['DeleteUser', 'CreateUser']);
  clock.advance(retentionMs - 500);
  assert.deepEqual(await names(), ['DeleteUser']);
  record('ListUsers');
  assert.deepEqual(await names(), ['ListUsers', 'DeleteUser']);
});
