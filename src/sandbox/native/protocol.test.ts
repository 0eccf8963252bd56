import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRequest, encodeStart, ReplyReader } from './protocol.ts';

test('encodeRequest writes what protocol.h describes, and refuses what the helper would not take', () => {
  assert.equal(encodeRequest(7, 'place', [3], ['/a', '', '/b']).toString('hex'), `0b000000${'07000000'}${'02000000'}${'03000000'}${'2f6100'}${'00'}${'2f6200'}`);
  assert.equal(encodeRequest(1, 'listen', [2, 9001]).length, 20);
  for (const path of ['relative', '/with\0zero', `/${'x'.repeat(4096)}`]) assert.throws(() => encodeRequest(1, 'place', [0], [path, '', '']), RangeError);
});

test('ReplyReader finds replies however the stream is cut', () => {
  const bytes = Buffer.alloc(24);
  [1, 0, 5, 2, 13, 0].forEach((number, index) => bytes.writeUInt32LE(number, 4 * index));
  const reader = new ReplyReader();
  const replies = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
  assert.deepEqual(replies, [{ id: 1, error: 0, value: 5 }, { id: 2, error: 13, value: 0 }]);
});

test('encodeStart ends every string with one zero byte, whatever a variable holds', () => {
  const bytes = encodeStart('/var/task', ['/var/task/bootstrap'], { A: 'x\0B=y' });
  assert.equal(bytes.readUInt32LE(0), bytes.length - 4);
  assert.deepEqual(bytes.toString('utf8', 4).split('\0'), ['/var/task', '1', '/var/task/bootstrap', 'A=xB=y', '']);
});
