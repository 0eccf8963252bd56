import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { createSeededRandom } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { keyBytesMax } from './limits.ts';
import { keyRange, nextKey, packKey, prefixEnd, unpackKey } from './tuple.ts';
import type { KeyPart } from './tuple.ts';

const hex = (parts: readonly KeyPart[]): string => Buffer.from(packKey(parts)).toString('hex');

test('packKey writes the bytes of FoundationDB\'s tuple layer', () => {
  // Vectors of the specification: github.com/apple/foundationdb, design/tuple.md.
  assert.equal(hex([Buffer.from('foo\0bar', 'latin1')]), '01666f6f00ff62617200');
  assert.equal(hex(['FÔO\0bar']), '0246c3944f00ff62617200');
  assert.equal(hex([-5551212]), '11ab4b93');
  assert.equal(hex([null]), '00');
  assert.equal(hex([0]), '14');
  assert.equal(hex([1]), '1501');
  assert.equal(hex([-1]), '13fe');
  assert.equal(hex([255, 256]), '15ff160100');
  assert.equal(hex([true, false]), '2726');
  assert.equal(hex([-42.5]), '213fbabfffffffffff');
  assert.equal(hex([2n ** 64n]), '1d09010000000000000000');
  assert.equal(hex([-(2n ** 64n)]), '0bf6feffffffffffffffff');
});

test('packKey and unpackKey are inverse for every kind of part', () => {
  const parts: KeyPart[] = [
    null,
    '',
    'a\0b',
    'é😀',
    'x'.repeat(200),
    Buffer.from([0, 255, 0, 0]),
    0,
    1,
    -1,
    255,
    -256,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    2n ** 63n,
    -(2n ** 63n),
    2n ** 200n,
    -(2n ** 200n),
    1.5,
    -1.5,
    Infinity,
    -Infinity,
    true,
    false,
  ];
  assert.deepEqual(unpackKey(packKey(parts)), parts);
  for (const part of parts) assert.deepEqual(unpackKey(packKey([part, 'end'])), [part, 'end']);
  assert.deepEqual(unpackKey(packKey(['rest'], packKey(['prefix'])), packKey(['prefix']).length), ['rest']);
});

test('packKey orders keys as their parts are ordered', () => {
  const seed = randomInt(2 ** 31);
  const random = createSeededRandom(seed);
  for (const make of [randomInteger, randomFraction, randomText]) {
    for (let round = 0; round < 500; round += 1) {
      const [a, b] = [make(random), make(random)];
      const byKey = Math.sign(Buffer.compare(packKey([a, 'x']), packKey([b, 'x'])));
      const byValue = typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(String(b))) : Math.sign(a - Number(b));
      assert.equal(byKey, byValue, `seed ${seed}: ${String(a)} and ${String(b)}`);
    }
  }
});

test('packKey takes a key of keyBytesMax and refuses one byte more', () => {
  // A text costs its bytes and two more.
  assert.equal(packKey(['x'.repeat(keyBytesMax - 2)]).length, keyBytesMax);
  assert.throws(() => packKey(['x'.repeat(keyBytesMax - 1)]), /keyBytesMax/);
  assert.throws(() => packKey(['x'.repeat(10_000_000)]), /keyBytesMax/);
  assert.throws(() => packKey(['é'.repeat(keyBytesMax - 3)]), /keyBytesMax/);
  assert.throws(() => packKey([Buffer.alloc(keyBytesMax / 2)]), /keyBytesMax/);
  assert.throws(() => packKey(new Array<KeyPart>(keyBytesMax + 1).fill(null)), /keyBytesMax/);
  assert.throws(() => packKey(['x'.repeat(keyBytesMax - 10), 2n ** 120n]), /keyBytesMax/);
});

test('packKey refuses what would not come back as it was', () => {
  assert.throws(() => packKey([NaN]), /NaN/);
  assert.throws(() => packKey(['\ud800']), /well-formed/);
  assert.throws(() => packKey([undefined as unknown as KeyPart]), /a key part must be/);
});

test('unpackKey refuses bytes that are no tuple', () => {
  for (const bytes of ['ff', '02', '0261', '1601', '21ff', '1d', '1d0501']) {
    assert.throws(() => unpackKey(Buffer.from(bytes, 'hex')), /not a packed tuple/, bytes);
  }
});

test('keyRange holds exactly the keys strictly below its prefix', () => {
  const { from, to } = keyRange(['a', 1]);
  const inside = (parts: readonly KeyPart[]): boolean => {
    const key = packKey(parts);
    return Buffer.compare(from, key) <= 0 && Buffer.compare(key, to) < 0;
  };
  for (const rest of [null, '', 0, -1, true, Buffer.alloc(0), 2n ** 100n]) assert.equal(inside(['a', 1, rest]), true);
  for (const parts of [['a', 1], ['a', 2], ['a', 0], ['a'], ['b', 1, 1], ['a', 256]]) assert.equal(inside(parts), false);
});

test('nextKey and prefixEnd are the nearest bounds above', () => {
  assert.deepEqual([...nextKey(Buffer.from('a'))], [0x61, 0]);
  assert.deepEqual([...(prefixEnd(Buffer.from([1, 0xff, 0xff])) ?? [])], [2]);
  assert.equal(prefixEnd(Buffer.from([0xff])), undefined);
});

function randomInteger(random: Random): number {
  const magnitude = Math.floor(2 ** (random.fraction() * 53));
  return random.fraction() < 0.5 ? magnitude : -magnitude;
}

// Never a whole number: those sort below every fraction (tuple.ts), which is not what is compared here.
function randomFraction(random: Random): number {
  const value = (random.fraction() - 0.5) * 10 ** Math.floor(random.fraction() * 30 - 15);
  return Number.isInteger(value) ? value + 0.5 : value;
}

function randomText(random: Random): string {
  const alphabet = ['a', 'b', '\0', '\u007f', 'é', '\uffff', '😀'];
  let text = '';
  for (let length = Math.floor(random.fraction() * 5); length > 0; length -= 1) {
    text += alphabet[Math.floor(random.fraction() * alphabet.length)] ?? '';
  }
  return text;
}
