import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'cbor-x';
import { InvariantError } from '../base/errors.ts';
import { crc32c } from './crc32c.ts';
import { decodeRecord, encodeRecord } from './record.ts';

test('crc32c gives the check values of RFC 3720, B.4', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assert.equal(crc32c(Buffer.from(Array.from({ length: 32 }, (_, index) => index))), 0x46dd794e);
});

test('encodeRecord and decodeRecord keep every kind of value', () => {
  const row = {
    text: 'é😀',
    whole: 2 ** 40,
    fraction: 0.1,
    negative: -7,
    large: 2n ** 63n,
    yes: true,
    nothing: null,
    bytes: Buffer.from([0, 1, 255]),
    list: [1, 'two', { three: 3 }],
    nested: { deep: { deeper: [] } },
    empty: '',
  };
  assert.deepEqual(decodeRecord(encodeRecord(row)), row);
  assert.deepEqual(decodeRecord(encodeRecord({})), {});
});

test('encodeRecord copies bytes, so that a later record does not overwrite an earlier one', () => {
  const first = encodeRecord({ a: 'x'.repeat(100) });
  for (let round = 0; round < 100; round += 1) encodeRecord({ b: 'y'.repeat(1_000) });
  assert.deepEqual(decodeRecord(first), { a: 'x'.repeat(100) });
});

test('encodeRecord writes CBOR that any reader understands', () => {
  const value = encodeRecord({ a: 1, b: Buffer.from([9]) });
  assert.equal(value[0], 1);
  // A map of two: "a" 1, "b" h'09' (RFC 8949, section 3).
  assert.equal(Buffer.from(value.subarray(1, value.length - 4)).toString('hex'), 'a261610161624109');
  assert.deepEqual(decode(Buffer.from(value.subarray(1, value.length - 4))), { a: 1, b: Buffer.from([9]) });
});

test('decodeRecord notices every flipped bit and names the key', () => {
  const value = Buffer.from(encodeRecord({ a: 'some text', n: 12 }));
  for (let bit = 0; bit < value.length * 8; bit += 1) {
    const broken = Buffer.from(value);
    broken.writeUInt8(broken.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.throws(
      () => decodeRecord(broken, Buffer.from('key')),
      (error) => error instanceof InvariantError && error.fields['key'] === '6b6579',
    );
  }
  assert.throws(() => decodeRecord(Buffer.alloc(0)), InvariantError);
  assert.throws(() => decodeRecord(value.subarray(0, value.length - 1)), InvariantError);
});

test('decodeRecord gives back a member called __proto__, wherever it is, as a member', () => {
  const row = { tags: JSON.parse('{"__proto__":"a","constructor":"b"}') as object, list: [JSON.parse('{"__proto__":{"deep":1}}') as object], bytes: Buffer.from([1, 2]), big: 2 ** 40, none: undefined, text: '__proto__' };
  const read = decodeRecord<typeof row>(encodeRecord(row));
  assert.deepEqual(Object.entries(read.tags), [['__proto__', 'a'], ['constructor', 'b']]);
  assert.deepEqual(Object.entries(read.list[0] ?? {}), [['__proto__', { deep: 1 }]]);
  assert.deepEqual([read.bytes, read.big, 'none' in read, read.text], [row.bytes, row.big, true, '__proto__']);
  assert.equal(Object.getPrototypeOf(read.tags), Object.prototype);
});
