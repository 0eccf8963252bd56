import assert from 'node:assert/strict';
import type { Random } from '../../base/random.ts';
import type { ReadTransaction, Row } from '../store.ts';
import type { StoreCase } from '../suite.ts';
import { nextKey } from '../tuple.ts';

const key = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const bytes = (text: string): Uint8Array => Buffer.from(text);
const everything = { from: key('\x01'), to: key('\xfe') };
const textOf = (row: Row): string => `${Buffer.from(row.key).toString('latin1')}=${Buffer.from(row.value).toString()}`;

export const orderCases: readonly StoreCase[] = [
  {
    name: 'range returns keys in the order of their unsigned bytes, both ways',
    async run({ store }) {
      const keys = ['a', 'a\0', 'a\0\0', 'a\x7f', 'a\x80', 'a\xff', 'aa', 'b', '\xc3\xa9', '\xf0\x9f\x98\x80'].map(key);
      await store.transact(async (tx) => {
        for (const each of [...keys].reverse()) tx.set(each, each);
      });
      const sorted = [...keys].sort(Buffer.compare).map((each) => Buffer.from(each).toString('hex'));
      await store.read(async (tx) => {
        const upward = await tx.range({ ...everything, limit: 100 });
        assert.deepEqual(upward.map((row) => Buffer.from(row.key).toString('hex')), sorted);
        assert.deepEqual(upward.map((row) => Buffer.from(row.value).toString('hex')), sorted);
        const downward = await tx.range({ ...everything, limit: 100, reverse: true });
        assert.deepEqual(downward.map((row) => Buffer.from(row.key).toString('hex')), [...sorted].reverse());
      });
    },
  },
  {
    name: 'range includes its lower and excludes its upper bound, whichever way it is read',
    async run({ store }) {
      await store.transact(async (tx) => {
        for (const text of ['a', 'b', 'c', 'd']) tx.set(key(text), bytes('1'));
      });
      const read = (from: string, to: string, limit: number, reverse: boolean): Promise<string[]> =>
        store.read(async (tx) => {
          const rows = await tx.range({ from: key(from), to: key(to), limit, reverse });
          return rows.map((row) => Buffer.from(row.key).toString());
        });
      assert.deepEqual(await read('b', 'd', 9, false), ['b', 'c']);
      assert.deepEqual(await read('b', 'd', 9, true), ['c', 'b']);
      assert.deepEqual(await read('aa', 'cc', 9, true), ['c', 'b']);
      assert.deepEqual(await read('b', 'd', 1, false), ['b']);
      assert.deepEqual(await read('b', 'd', 1, true), ['c']);
      assert.deepEqual(await read('a', 'z', 0, false), []);
      assert.deepEqual(await read('d', 'a', 9, false), []);
      assert.deepEqual(await read('c', 'c', 9, true), []);
    },
  },
  {
    name: 'transact sees its own writes over pending and stored ones, in gets and ranges (against a model)',
    async run({ store, random }) {
      const steps = Array.from({ length: 60 }, () => randomStep(random));
      const states: (readonly Map<string, string>[])[number][] = [new Map()];
      for (const step of steps) states.push(applyToModel(states[states.length - 1] ?? new Map(), step));
      // Started together, so that most of them build on what is not durable yet. Which step comes next is in the store itself.
      const advance = (): Promise<void> =>
        store.transact(async (tx) => {
          const index = Buffer.from((await tx.get(key('\x01at'))) ?? bytes('0')).toString();
          const at = Number(index);
          const step = steps[at] ?? [];
          await compare(tx, states[at] ?? new Map(), random);
          for (const write of step) {
            if (write.to !== undefined) tx.clearRange({ from: key(write.key), to: key(write.to) });
            else if (write.value === undefined) tx.clear(key(write.key));
            else tx.set(key(write.key), bytes(write.value));
          }
          await compare(tx, states[at + 1] ?? new Map(), random);
          tx.set(key('\x01at'), bytes(String(at + 1)));
        });
      await Promise.all(steps.map(advance));
      await store.read((tx) => compare(tx, states[steps.length] ?? new Map(), random));
    },
  },
  {
    name: 'clearRange clears thousands of rows, stored and pending, and nothing else',
    async run({ store }) {
      const name = (index: number): Uint8Array => key(`k${String(index).padStart(5, '0')}`);
      await store.transact(async (tx) => {
        for (let index = 0; index < 2_500; index += 1) tx.set(name(index), bytes('x'));
      });
      const pending = store.transact(async (tx) => tx.set(name(2_600), bytes('y')));
      await store.transact(async (tx) => {
        tx.clearRange({ from: name(1), to: name(2_700) });
        tx.set(name(700), bytes('z'));
        assert.equal(await tx.get(name(5)), undefined);
      });
      await pending;
      const rows = await store.read((tx) => tx.range({ from: name(0), to: name(99_999), limit: 10_000 }));
      const kept = rows.map(textOf);
      assert.deepEqual(kept.filter((row) => !row.includes('=y')), ['k00000=x', 'k00700=z']);
    },
  },
  {
    name: 'getMany answers in the order of its keys and says what is missing',
    async run({ store }) {
      await store.transact(async (tx) => {
        tx.set(key('a'), bytes('1'));
        tx.set(key('c'), Buffer.alloc(0));
      });
      const values = await store.getMany([key('c'), key('b'), key('a')]);
      assert.deepEqual(values.map((value) => (value === undefined ? undefined : Buffer.from(value).toString())), ['', undefined, '1']);
    },
  },
];

interface ModelWrite {
  readonly key: string;
  readonly to?: string;
  readonly value?: string;
}

function randomStep(random: Random): readonly ModelWrite[] {
  const pick = (): string => `m${String.fromCharCode(97 + Math.floor(random.fraction() * 12))}`;
  return Array.from({ length: 1 + Math.floor(random.fraction() * 4) }, (): ModelWrite => {
    const kind = random.fraction();
    if (kind < 0.6) return { key: pick(), value: String(Math.floor(random.fraction() * 1_000)) };
    if (kind < 0.8) return { key: pick() };
    const [from, to] = [pick(), pick()].sort();
    return { key: from ?? '', to: to ?? '' };
  });
}

function applyToModel(state: ReadonlyMap<string, string>, step: readonly ModelWrite[]): Map<string, string> {
  const next = new Map(state);
  for (const write of step) {
    const { to } = write;
    if (to !== undefined) for (const each of [...next.keys()].filter((name) => write.key <= name && name < to)) next.delete(each);
    else if (write.value === undefined) next.delete(write.key);
    else next.set(write.key, write.value);
  }
  return next;
}

async function compare(tx: ReadTransaction, model: ReadonlyMap<string, string>, random: Random): Promise<void> {
  const from = `m${String.fromCharCode(96 + Math.floor(random.fraction() * 6))}`;
  const limit = 1 + Math.floor(random.fraction() * 14);
  const reverse = random.fraction() < 0.5;
  const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1)).filter(([name]) => name >= from);
  if (reverse) expected.reverse();
  const rows = await tx.range({ from: key(from), to: nextKey(key('mz')), limit, reverse });
  assert.deepEqual(rows.map(textOf), expected.slice(0, limit).map(([name, value]) => `${name}=${value}`));
  const some = `m${String.fromCharCode(97 + Math.floor(random.fraction() * 12))}`;
  const value = await tx.get(key(some));
  assert.equal(value === undefined ? undefined : Buffer.from(value).toString(), model.get(some));
}
