// Bodies of `aws-chunked` are read before anybody knows who sent them: broken ones are refused in S3's words, however they come in pieces,
// and never answer more data than was announced. HANEUL_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ServiceError } from '../../src/base/errors.ts';
import { createSeededRandom } from '../../src/base/random.ts';
import { awsChunkedDecoderFor } from '../../src/wire/awsChunked.ts';
import { createDice, type Dice } from './hostileStreams.ts';

const seed = Number(process.env['HANEUL_FUZZ_SEED'] ?? Date.now() % 1_000_000);
const rounds = 3_000;
const forms = ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'] as const;
const framing = ['\r\n', '\n', '\r', '0\r\n', '0;chunk-signature=', 'ffffffffffff\r\n', '-1\r\n', '1e3\r\n', ';', 'x-amz-checksum-sha256:', '__proto__:x\r\n', '\u0000', '\u00ff', ''] as const;

interface Body {
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Buffer;
  readonly bytes: Buffer;
}

function wellFormed(dice: Dice): Body {
  const form = dice.pick([...forms]);
  const signature = form === forms[0] ? '' : `;chunk-signature=${'0'.repeat(64)}`;
  const chunks = dice.chance(0.3) ? [65_536, dice.below(300)] : [dice.below(3_000)];
  const data = Buffer.alloc(chunks.reduce((sum, size) => sum + size, 0), 'haneul');
  let at = 0;
  const parts: (Buffer | string)[] = [];
  for (const size of chunks.filter((each) => each > 0)) {
    parts.push(`${size.toString(16)}${signature}\r\n`, data.subarray(at, at + size), '\r\n');
    at += size;
  }
  const trailer = form.endsWith('TRAILER') ? `x-amz-checksum-sha256:${createHash('sha256').update(data).digest('base64')}\r\n` : '';
  const signed = form === forms[2] ? `x-amz-trailer-signature:${'0'.repeat(64)}\r\n` : '';
  parts.push(`0${signature}\r\n${trailer}${signed}\r\n`);
  const headers = { 'x-amz-content-sha256': form, 'x-amz-decoded-content-length': String(data.length), ...(trailer !== '' && { 'x-amz-trailer': 'x-amz-checksum-sha256' }) };
  return { headers, data, bytes: Buffer.concat(parts.map((part) => Buffer.from(part))) };
}

function distort({ headers, data, bytes }: Body, dice: Dice): Body {
  let distorted = bytes;
  for (let count = 1 + dice.below(3); count > 0; count -= 1) {
    // Near the framing more often than in the data.
    const at = dice.chance(0.5) ? dice.below(Math.min(90, distorted.length + 1)) : distorted.length - dice.below(Math.min(200, distorted.length + 1));
    const kept = dice.chance(0.5) ? at : Math.min(distorted.length, at + dice.below(20));
    distorted = Buffer.concat([distorted.subarray(0, at), Buffer.from(dice.pick([...framing]), 'latin1'), distorted.subarray(kept)]);
  }
  const length = dice.chance(0.2) ? { 'x-amz-decoded-content-length': dice.pick(['0', '1', '-1', 'x', '99999999999', String(data.length + 1)]) } : {};
  return { headers: { ...headers, ...length }, data, bytes: distorted };
}

/** The data, or the refusal. */
function decode({ headers, bytes }: Body, dice: Dice): Buffer | ServiceError {
  const decoded: Buffer[] = [];
  const announced = Number(headers['x-amz-decoded-content-length']);
  try {
    const decoder = awsChunkedDecoderFor({ method: 'PUT', path: '/b/k', query: '', headers: { ...headers } }, undefined);
    assert.ok(decoder);
    let taken = 0;
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + dice.below(dice.chance(0.2) ? 5 : 70_000);
      for (const piece of decoder.push(bytes.subarray(at, end))) {
        decoded.push(piece);
        taken += piece.length;
      }
      assert.ok(taken <= announced, 'more data than was announced');
      at = end;
    }
    decoder.finish();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  return Buffer.concat(decoded);
}

test(`AwsChunkedDecoder answers the data of whole bodies and refuses broken ones in words (seed ${seed})`, () => {
  const dice = createDice(createSeededRandom(seed));
  let refused = 0;
  for (let round = 0; round < rounds; round += 1) {
    const body = wellFormed(dice);
    const whole = decode(body, dice);
    assert.ok(!(whole instanceof ServiceError) && whole.equals(body.data), `round ${round}: ${String(whole)}`);
    const broken = distort(body, dice);
    const answer = decode(broken, dice);
    if (answer instanceof ServiceError) refused += 1;
    // Unsigned data may be other data, never of another length than was announced.
    else assert.equal(answer.length, Number(broken.headers['x-amz-decoded-content-length']), `round ${round}`);
  }
  assert.ok(refused > rounds / 4, `only ${refused} were refused`);
});
