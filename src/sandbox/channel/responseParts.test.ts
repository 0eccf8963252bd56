import assert from 'node:assert/strict';
import { test } from 'node:test';
import { responseBytesMax, streamedBytesMax } from '../limits.ts';
import { createResponseParts } from './responseParts.ts';

const nothing = (): void => undefined;
const piece = Buffer.alloc(1024 * 1024);

test('createResponseParts takes 200 MB for a receiver, and not a byte more', () => {
  let bytes = 0;
  const parts = createResponseParts({ receiver: { onPart: (part) => void (bytes += part.length) } });
  for (let count = 0; count < streamedBytesMax / piece.length; count += 1) assert.equal(parts.add(piece, undefined, nothing), undefined);
  assert.equal(bytes, streamedBytesMax);
  assert.deepEqual(parts.add(Buffer.alloc(1), undefined, nothing), { kind: 'response-too-large', bytes: streamedBytesMax + 1 });
});

test('createResponseParts gathers what nobody receives, up to the buffered limit', () => {
  const parts = createResponseParts({});
  let taken = 0;
  for (const text of ['one', 'two']) parts.add(Buffer.from(text), 'text/plain', () => (taken += 1));
  assert.equal(taken, 2, 'nobody has to be waited for');
  assert.deepEqual(parts.end(), { kind: 'response', payload: Buffer.from('onetwo'), contentType: 'text/plain' });
  assert.deepEqual(parts.add(Buffer.alloc(responseBytesMax), undefined, nothing), { kind: 'response-too-large', bytes: responseBytesMax + 6 });
});

test('createResponseParts tells an error in the middle from one before the first piece', () => {
  const parts = createResponseParts({});
  const payload = Buffer.from('{}');
  assert.deepEqual(parts.fail(payload), { kind: 'function-error', payload });
  parts.add(Buffer.alloc(0), 'text/plain', nothing);
  assert.deepEqual(parts.fail(payload), { kind: 'function-error', payload, isMidStream: true });
});
