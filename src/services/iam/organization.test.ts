import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../base/clock.ts';
import { createSeededRandom } from '../../base/random.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import { openOrganization } from './organization.ts';

const clock = createFakeClock();
const openStore = () => openMemoryStore({ clock, random: createSeededRandom(3) });
const full = { name: 'full', document: { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } } };

test('openOrganization binds every account but those that are exempt, and finds what was set before', async () => {
  const store = openStore();
  const first = await openOrganization(store);
  assert.equal(first.serviceControlOf('111111111111'), undefined);
  await first.replace({ levels: [[full]], exemptAccounts: ['000000000000'] });
  for (const organization of [first, await openOrganization(store)]) {
    assert.deepEqual(organization.serviceControlOf('111111111111')?.map((level) => level.map(({ source }) => source)), [['service-control:full']]);
    assert.equal(organization.serviceControlOf('000000000000'), undefined);
  }
  await first.replace({ levels: [] });
  assert.equal(first.serviceControlOf('111111111111'), undefined);
});

test('openOrganization refuses what no service control policy can be, and keeps what was set', async () => {
  const organization = await openOrganization(openStore());
  await organization.replace({ levels: [[full]] });
  const trust = { name: 'trust', document: { Version: '2012-10-17', Statement: { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } } };
  const wrong = [null, {}, { levels: 'x' }, { levels: [[]] }, { levels: [[{ ...full, name: '' }]] }, { levels: [[{ name: 'x', document: '{' }]] }, { levels: [[trust]] }, { levels: [Array(6).fill(full)] }, { levels: Array(7).fill([full]) }, { levels: [], exemptAccounts: ['x'] }];
  for (const given of wrong) await assert.rejects(organization.replace(given), { code: 'BadRequest' }, JSON.stringify(given));
  assert.equal(organization.serviceControlOf('111111111111')?.length, 1);
});
