import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, crc32WithoutZlib } from './crc32.ts';
import { createSeededRandom } from './random.ts';

test('crc32 gives the published check value, whole and in pieces, with and without zlib', () => {
  for (const compute of [crc32, crc32WithoutZlib]) {
    assert.equal(compute(Buffer.from('123456789')), 0xcbf43926);
    assert.equal(compute(Buffer.from('56789'), compute(Buffer.from('1234'))), 0xcbf43926);
    assert.equal(compute(Buffer.alloc(0)), 0);
  }
  const bytes = createSeededRandom(9).bytes(10_000);
  assert.equal(crc32WithoutZlib(bytes, 0x80000001), crc32(bytes, 0x80000001));
});
