import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../../base/random.ts';
import { openCiphertext, parseCiphertext, sealCiphertext } from './ciphertext.ts';
import { messagesPerKey } from '../limits.ts';
import { canonicalContext } from './encryptionContext.ts';
import { createMessageKeys } from './messageKeys.ts';

const random = createSeededRandom(4);
const head = { account: '000000000000', region: 'us-east-1', keyId: '11111111-2222-4333-8444-555555555555', materialId: 'ab'.repeat(32) };
const material = random.bytes(32);
const keys = createMessageKeys(material);

test('sealCiphertext makes something else of the same every time, within the size that clients send back', () => {
  const plaintext = Buffer.alloc(4_096, 'x');
  const [one, two] = [sealCiphertext(head, keys, plaintext, {}, random), sealCiphertext(head, keys, plaintext, {}, random)];
  assert.notDeepEqual(one, two);
  assert.ok(one.length <= 6_144);
  assert.equal(one.includes('xxxx'), false);
});

test('openCiphertext reads what other keys of the same material made, with its context only', () => {
  const context = { a: '1' };
  const parsed = parseCiphertext(sealCiphertext(head, keys, Buffer.from('text'), context, random));
  assert.ok(parsed);
  assert.equal(openCiphertext(parsed, createMessageKeys(material), context)?.toString(), 'text');
  for (const other of [{}, { a: '2' }, { a: '1', b: '2' }]) assert.equal(openCiphertext(parsed, keys, other), undefined);
  assert.equal(openCiphertext(parsed, createMessageKeys(random.bytes(32)), context), undefined);
});

test('createMessageKeys derives another key after so many messages', () => {
  const fresh = createMessageKeys(material);
  const first = fresh.forSealing(random);
  for (let count = 1; count < messagesPerKey; count += 1) fresh.forSealing(random);
  const second = fresh.forSealing(random);
  assert.notDeepEqual(first, second);
  assert.deepEqual([fresh.forOpening(first.nonce), fresh.forOpening(second.nonce)], [first.key, second.key]);
});

test('parseCiphertext survives any bytes', () => {
  const seed = 20_261_121;
  const chance = createSeededRandom(seed);
  const good = sealCiphertext(head, keys, Buffer.from('text'), {}, random);
  for (let length = 0; length < good.length - 4; length += 1) assert.equal(parseCiphertext(good.subarray(0, length)), undefined, `first ${length} bytes`);
  for (let round = 0; round < 2_000; round += 1) {
    const bytes = Buffer.from(good);
    for (let change = 0; change <= round % 4; change += 1) bytes[Math.floor(chance.fraction() * bytes.length)] = Math.floor(chance.fraction() * 256);
    const parsed = parseCiphertext(bytes);
    if (parsed && !bytes.equals(good)) assert.equal(openCiphertext(parsed, keys, {}), undefined, `seed ${seed}, round ${round}`);
  }
});

test('canonicalContext is the same for the same pairs, and different for those that only look alike when they are put together', () => {
  assert.deepEqual(canonicalContext({ a: '1', b: '2' }), canonicalContext({ b: '2', a: '1' }));
  const different = [{ a: 'bc' }, { ab: 'c' }, { a: 'b', c: '' }, { a: '', b: 'c' }, {}].map((context) => canonicalContext(context).toString('hex'));
  assert.equal(new Set(different).size, different.length);
});
