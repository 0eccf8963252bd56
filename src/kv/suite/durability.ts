import assert from 'node:assert/strict';
import { join } from 'node:path';
import { UserFacingError } from '../../base/errors.ts';
import type { StoreCase } from '../suite.ts';

const key = (text: string): Uint8Array => Buffer.from(text);

export const durabilityCases: readonly StoreCase[] = [
  {
    name: 'close waits for what was committed and refuses everything after',
    async run({ store }) {
      const pending = store.transact(async (tx) => tx.set(key('a'), key('1')));
      await new Promise((resolve) => setImmediate(resolve));
      const closing = store.close();
      await pending.catch((error: unknown) => assert.match(String(error), /closed/));
      await closing;
      await store.close();
      await assert.rejects(store.transact(async () => undefined), /the store is closed/);
      await assert.rejects(store.read(async () => undefined), /the store is closed/);
      await assert.rejects(store.getMany([key('a')]), /the store is closed/);
      await assert.rejects(store.tail(key('a'), undefined, 1), /the store is closed/);
    },
  },
  {
    name: 'backup in memory is refused',
    async run({ store, durable, folder }) {
      if (!durable) await assert.rejects(store.backup(join(folder, 'copy')), UserFacingError);
    },
  },
  {
    name: 'reopen finds everything that was acknowledged, and stamps and epochs go on growing',
    durableOnly: true,
    async run({ store, reopen }) {
      const lease = await store.lease('timers', 9_000);
      await store.transact(async (tx) => {
        tx.set(key('a'), key('1'));
        tx.add(key('n'), 5n);
        tx.stamped(key('log/'), key('before'));
      });
      await store.close();
      const again = await reopen();
      assert.equal(Buffer.from((await again.getMany([key('a')]))[0] ?? []).toString(), '1');
      await again.transact(async (tx) => tx.stamped(key('log/'), key('after')));
      const rows = await again.tail(key('log/'), undefined, 10);
      assert.deepEqual(rows.map((row) => Buffer.from(row.value).toString()), ['before', 'after']);
      const next = await again.lease('timers', 9_000);
      assert.ok(lease && next && next.epoch > lease.epoch);
    },
  },
  {
    name: 'backup is a store of its own with what was acknowledged, and needs an empty folder',
    durableOnly: true,
    async run({ store, folder, reopen }) {
      await store.transact(async (tx) => {
        for (let index = 0; index < 1_500; index += 1) tx.set(key(`row/${index}`), Buffer.alloc(500, index));
      });
      const copy = join(folder, 'copy');
      await store.backup(copy);
      await store.transact(async (tx) => tx.set(key('late'), key('x')));
      await assert.rejects(store.backup(copy), UserFacingError);
      const opened = await reopen(copy);
      const rows = await opened.read((tx) => tx.range({ from: key('a'), to: key('z'), limit: 2_000 }));
      assert.equal(rows.length, 1_500);
      assert.ok(rows.every((row) => row.value.length === 500));
    },
  },
];
