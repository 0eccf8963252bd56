import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../base/random.ts';
import { encodeFrame, FrameError, FrameReader, frameTypes, parseAnswer } from './frames.ts';

test('FrameReader finds the frames of a stream however it is cut', () => {
  const seed = Date.now() % 100_000;
  const random = createSeededRandom(seed);
  const sent = Array.from({ length: 40 }, () => ({ type: frameTypes.record, body: random.bytes(Math.floor(random.fraction() * 3000)) }));
  const stream = Buffer.concat([...sent.map(({ type, body }) => encodeFrame(type, body)), encodeFrame(frameTypes.ready)]);
  const reader = new FrameReader();
  const seen: { type: number; body: string }[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + 1 + Math.floor(random.fraction() * 700));
    reader.push(stream.subarray(at, end), ({ type, body }) => seen.push({ type, body: body.toString('hex') }));
    at = end;
  }
  assert.deepEqual(seen.slice(0, -1), sent.map(({ type, body }) => ({ type, body: body.toString('hex') })), `seed ${seed}`);
  assert.deepEqual(seen.at(-1), { type: frameTypes.ready, body: '' });
});

test('FrameReader refuses a length over the type’s bound before the body arrives, and unknown types', () => {
  const head = (bytes: number, type: number): Buffer => {
    const header = Buffer.alloc(5);
    header.writeUInt32BE(bytes, 0);
    header.writeUInt8(type, 4);
    return header;
  };
  const push = (bytes: Buffer) => (): void => new FrameReader().push(bytes, () => assert.fail('no frame was complete'));
  assert.throws(push(head(1, frameTypes.ready)), FrameError);
  assert.throws(push(head(5, frameTypes.exiting)), FrameError);
  assert.throws(push(head(1024 * 1024 + 1, frameTypes.record)), FrameError);
  assert.doesNotThrow(push(head(1024 * 1024, frameTypes.record)));
  assert.throws(push(head(0xffff_ffff, frameTypes.response)), (error) => error instanceof FrameError && error.bytes === 0xffff_ffff);
  assert.throws(push(head(0, 0)), FrameError);
  assert.throws(push(head(0, frameTypes.invoke)), FrameError);
});

test('parseAnswer splits id, content type and payload, and refuses what is cut short', () => {
  const body = Buffer.from('\x02id\x04text[1]', 'latin1');
  const answer = parseAnswer(body);
  assert.deepEqual(answer && [answer.requestId, answer.contentType, answer.payload.toString()], ['id', 'text', '[1]']);
  for (let length = 0; length < 8; length += 1) assert.equal(parseAnswer(body.subarray(0, length)), undefined, String(length));
});
