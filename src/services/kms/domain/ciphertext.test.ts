import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../../base/random.ts';
import { openCiphertext, parseCiphertext, sealCiphertext } from './ciphertext.ts';
import { canonicalContext } from './encryptionContext.ts';

const random = createSeededRandom(4);
const head = { account: '000000000000', region: 'us-east-1', keyId: '11111111-2222-4333-8444-555555555555', materialId: 'ab'.repeat(32) };
const material = random.bytes(32);

test('sealCiphertext makes something else of the same every time, within the size that clients send back', () => {
  const plaintext = Buffer.alloc(4_096, 'x');
  const [one, two] = [sealCiphertext(head, material, plaintext, {}, random), sealCiphertext(head, material, plaintext, {}, random)];
  assert.notDeepEqual(one, two);
  assert.ok(one.length <= 6_144);
  assert.equal(one.includes('xxxx'), false);
});

test('parseCiphertext survives any bytes', () => {
  const seed = 20_261_121;
  const chance = createSeededRandom(seed);
  const good = sealCiphertext(head, material, Buffer.from('text'), {}, random);
  for (let length = 0; length < good.length - 4; length += 1) assert.equal(parseCiphertext(good.subarray(0, length)), undefined, `first ${length} bytes`);
  for (let round = 0; round < 2_000; round += 1) {
    const bytes = Buffer.from(good);
    for (let change = 0; change <= round % 4; change += 1) bytes[Math.floor(chance.fraction() * bytes.length)] = Math.floor(chance.fraction() * 256);
    const parsed = parseCiphertext(bytes);
    if (parsed && !bytes.equals(good)) assert.equal(openCiphertext(parsed, material, {}), undefined, `seed ${seed}, round ${round}`);
  }
});

test('canonicalContext is the same for the same pairs, and different for those that only look alike when they are put together', () => {
  assert.deepEqual(canonicalContext({ a: '1', b: '2' }), canonicalContext({ b: '2', a: '1' }));
  const different = [{ a: 'bc' }, { ab: 'c' }, { a: 'b', c: '' }, { a: '', b: 'c' }, {}].map((context) => canonicalContext(context).toString('hex'));
  assert.equal(new Set(different).size, different.length);
});
