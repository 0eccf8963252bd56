import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeAt, encodeBase32, findStep } from './totp.ts';

// RFC 6238, appendix B: the SHA-1 vectors, of which a device shows the last six digits.
const seed = encodeBase32(Buffer.from('12345678901234567890'));

test('codeAt answers the codes of RFC 6238', () => {
  const codes = [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000].map((seconds) => codeAt(seed, Math.floor(seconds / 30)));
  assert.deepEqual(codes, ['287082', '081804', '050471', '005924', '279037']);
  assert.equal(seed, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
});

test('findStep finds a code only among the steps allowed', () => {
  const code = codeAt(seed, 100);
  assert.equal(findStep(seed, code, { first: 99, last: 101 }), 100);
  assert.equal(findStep(seed, code, { first: 101, last: 102 }), undefined);
  for (const wrong of ['', '12345', '1234567', 'abcdef']) assert.equal(findStep(seed, wrong, { first: 0, last: 200 }), undefined);
});
