import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { decodeCbor } from './cbor.ts';
import { codecOf } from './codecs.ts';
import { loadModel } from './model.ts';

/** The payloads of framed messages; the framing itself is tested with AWS's own client in clients.test.ts. */
function payloadsOf(bytes: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    payloads.push(bytes.subarray(at + 12 + bytes.readUInt32BE(at + 4), at + bytes.readUInt32BE(at) - 4));
  }
  return payloads;
}

test('rpcv2Cbor answers a stream of events in CBOR, after an initial response', async () => {
  const operation = loadModel('logs').findOperation('StartLiveTail');
  assert.ok(operation);
  async function* events(): AsyncGenerator<object> {
    yield { sessionStart: { sessionId: 'id' } };
    yield { sessionUpdate: { sessionResults: [{ message: 'hello', timestamp: 5 }] } };
  }
  const answer = codecOf('rpcv2Cbor').formatOutput(operation, { responseStream: events() }, { requestId: 'id-1' });
  assert.equal(answer.headers['Content-Type'], 'application/vnd.amazon.eventstream');
  assert.ok(answer.body instanceof Readable);
  const chunks: Buffer[] = [];
  for await (const chunk of answer.body) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  assert.deepEqual(payloadsOf(bytes).map(decodeCbor), [{}, { sessionId: 'id' }, { sessionResults: [{ message: 'hello', timestamp: 5 }] }]);
  assert.match(bytes.toString('latin1'), /initial-response[^]*application\/cbor[^]*sessionStart[^]*sessionUpdate/);
});
