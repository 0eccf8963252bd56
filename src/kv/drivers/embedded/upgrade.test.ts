// An example upgrade, as the next format will have one: rows `user/NAME` get an index row `mail/ADDRESS`, and a member is renamed.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { UserFacingError } from '../../../base/errors.ts';
import { silentLogger } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import type { DataUpgrade } from '../../dataFormat.ts';
import { decodeRecord, encodeRecord } from '../../record.ts';
import type { Store } from '../../store.ts';
import { keyRange, packKey, unpackKey } from '../../tuple.ts';
import { openEmbeddedStore } from './openEmbeddedStore.ts';

const usersMax = 450;

const renameMail: DataUpgrade = {
  from: 1,
  title: 'users know their address as "address"',
  range: keyRange(['user']),
  async apply(tx, rows) {
    for (const { key, value } of rows) {
      // Fails on a row that it has had already.
      const { mail, visits } = decodeRecord<{ mail: string; visits: number }>(value, key);
      assert.ok(mail, 'a row was upgraded twice');
      tx.set(key, encodeRecord({ address: mail, visits: visits + 1 }));
    }
  },
};

const indexMail: DataUpgrade = {
  from: 2,
  title: 'users are found by their address',
  range: keyRange(['user']),
  async apply(tx, rows) {
    for (const { key, value } of rows) {
      tx.set(packKey(['mail', decodeRecord<{ address: string }>(value, key).address]), encodeRecord({ name: unpackKey(key)[1] }));
    }
  },
};

const open = (folder: string, upgrades: readonly DataUpgrade[]): Promise<Store> =>
  openEmbeddedStore({ folder, clock: createFakeClock(), random: createSeededRandom(1), log: silentLogger, upgrades });

async function withOldData(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'haneul-upgrade-'));
  try {
    const store = await open(folder, []);
    await store.transact(async (tx) => {
      for (let index = 0; index < usersMax; index += 1) {
        tx.set(packKey(['user', `u${index}`]), encodeRecord({ mail: `u${index}@example.com`, visits: 0 }));
      }
    });
    await store.close();
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function requireUpgraded(store: Store): Promise<void> {
  const users = await store.read((tx) => tx.range({ ...keyRange(['user']), limit: 1_000 }));
  const mails = await store.read((tx) => tx.range({ ...keyRange(['mail']), limit: 1_000 }));
  assert.deepEqual([users.length, mails.length], [usersMax, usersMax]);
  for (const { key, value } of users) assert.equal(decodeRecord<{ visits: number }>(value, key).visits, 1);
  assert.deepEqual(await store.read((tx) => tx.range({ ...keyRange([null, 'upgrade']), limit: 1 })), []);
}

test('openEmbeddedStore upgrades older data step by step, once, and older programs then refuse it', () =>
  withOldData(async (folder) => {
    for (const _time of [1, 2]) {
      const store = await open(folder, [renameMail, indexMail]);
      await requireUpgraded(store);
      await store.close();
      assert.equal(await readFile(join(folder, 'format.json'), 'utf8'), '{"format":3}\n');
    }
    await assert.rejects(open(folder, [renameMail]), (error) => error instanceof UserFacingError && /newer version/.test(error.message));
  }));

test('openEmbeddedStore finishes an upgrade that was broken off at any page, and nothing is changed twice', () =>
  withOldData(async (folder) => {
    const breaking = (upgrade: DataUpgrade, pages: number): DataUpgrade => ({
      ...upgrade,
      async apply(tx, rows) {
        await upgrade.apply(tx, rows);
        // Also what was written in the attempt before is gone with it.
        if ((pages -= 1) < 0) throw new RangeError('the process ends here');
      },
    });
    for (const pages of [0, 1, 2]) await assert.rejects(open(folder, [breaking(renameMail, pages), indexMail]), RangeError);
    assert.equal(await readFile(join(folder, 'format.json'), 'utf8'), '{"format":3,"from":1}\n');
    // A program without the upgrade under way must not touch it.
    await assert.rejects(open(folder, [renameMail]), /newer version/);
    await assert.rejects(open(folder, [renameMail, breaking(indexMail, 1)]), RangeError);
    assert.equal(await readFile(join(folder, 'format.json'), 'utf8'), '{"format":3,"from":2}\n');
    const store = await open(folder, [renameMail, indexMail]);
    await requireUpgraded(store);
    await store.close();
  }));
