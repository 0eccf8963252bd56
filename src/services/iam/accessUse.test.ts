import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { createSeededRandom } from '../../base/random.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import type { Caller } from '../../ports/identity.ts';
import { createAccessUse } from './accessUse.ts';
import { listActionUses } from './store.ts';

const account = '111111111111';
const ann: Caller = { kind: 'user', account, arn: `arn:aws:iam::${account}:user/ann`, userId: 'AIDAANN', userName: 'ann' };
const session: Caller = { kind: 'role-session', account, arn: 'a', userId: 'AROAX:s', roleArn: 'r', roleName: 'r', sessionName: 's' };

test('createAccessUse writes many uses of an action once, a little later, with the newest time', async () => {
  const wall = createFakeClock();
  const store = openMemoryStore({ clock: wall, random: createSeededRandom(1) });
  let writes = 0;
  const counted = { ...store, transact: ((work: never) => ((writes += 1), store.transact(work))) as typeof store.transact };
  const use = createAccessUse({ store: counted, wall, log: silentLogger });
  for (let nowMs = 1; nowMs <= 1_000; nowMs += 1) use.actionUsed({ caller: ann, action: 'sqs:SendMessage', region: 'eu-west-1', nowMs });
  use.actionUsed({ caller: session, action: 'sqs:SendMessage', region: 'eu-west-1', nowMs: 5 });
  assert.equal(writes, 0);
  wall.advance(60_000);
  await use.close();
  assert.equal(writes, 1);
  assert.deepEqual(await store.read((tx) => listActionUses(tx, account, 'AIDAANN')), [{ action: 'sqs:SendMessage', row: { atMs: 1_000, region: 'eu-west-1' } }]);
  assert.equal((await store.read((tx) => listActionUses(tx, account, 'AROAX'))).length, 1);
});

test('createAccessUse fails nothing when the store does, and notes nothing once it is closed', async () => {
  const wall = createFakeClock();
  const store = openMemoryStore({ clock: wall, random: createSeededRandom(1) });
  const broken = { ...store, transact: async () => Promise.reject(new Error('disk')) };
  const use = createAccessUse({ store: broken, wall, log: silentLogger });
  use.actionUsed({ caller: ann, action: 'a:B', region: '', nowMs: 1 });
  await use.flush();
  await use.close();
  use.actionUsed({ caller: ann, action: 'a:B', region: '', nowMs: 1 });
  await use.flush();
});
