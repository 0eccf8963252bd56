// Whatever takes long with a large document would hold up everybody else: this says, without a clock, that none of it happens at once.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ServiceError } from '../base/errors.ts';
import { createSeededRandom } from '../base/random.ts';
import { loadModel } from '../wire/model.ts';
import type { RequestHead } from '../wire/types.ts';
import { documentInPiecesBytesMin } from './limits.ts';
import { RequestBody } from './requestBody.ts';

const lambda = loadModel('lambda');

function requireOperation(name: string) {
  const operation = lambda.findOperation(name);
  assert.ok(operation);
  return operation;
}

function bodyOf(text: string, headers: Record<string, string> = {}): { readonly body: RequestBody; readonly whole: () => boolean } {
  let whole = false;
  const head: RequestHead = { method: 'PUT', path: '/', query: '', headers: { 'content-length': String(text.length), ...headers } };
  const body = new RequestBody(
    {
      head,
      sourceIp: '127.0.0.1',
      signal: new AbortController().signal,
      readBody: async () => {
        whole = true;
        return Buffer.from(text);
      },
      readPieces: async (bytesMax, tooLarge, onPiece) => {
        const bytes = Buffer.from(text);
        if (bytes.length > bytesMax) throw tooLarge();
        for (let at = 0; at < bytes.length; at += 50_000) onPiece(bytes.subarray(at, at + 50_000));
      },
    },
    10_000_000,
  );
  return { body, whole: () => whole };
}

const restJson = { protocol: 'restJson1' } as const;

test('RequestBody takes documents apart while they come when they are large and hold a blob, and only then', () => {
  const large = 'x'.repeat(documentInPiecesBytesMin);
  const update = requireOperation('UpdateFunctionCode');
  const places = (text: string, operation = update, headers?: Record<string, string>): boolean => bodyOf(text, headers).body.placesOfLarge({ ...restJson, operation }) !== undefined;
  assert.equal(places(large), true);
  assert.equal(places(large.slice(1)), false);
  assert.equal(places(large, requireOperation('Invoke')), false);
  assert.equal(places(large, requireOperation('TagResource')), false);
  assert.equal(places(large, update, { 'content-encoding': 'gzip' }), false);
});

test('RequestBody reads a large document without ever having all of it', async () => {
  const archive = createSeededRandom(5).bytes(1_200_000);
  const text = JSON.stringify({ ZipFile: archive.toString('base64'), DryRun: true });
  const { body, whole } = bodyOf(text);
  const seen: string[] = [];
  const about = { ...restJson, service: undefined, operation: requireOperation('UpdateFunctionCode') };
  const bodyCheck = { verify: (sha256: string) => void seen.push(sha256), isSenderKnown: false };
  const document = (await body.readDocument({ ZipFile: 'blob' }, { ...about, bodyCheck })) as { readonly ZipFile: Buffer; readonly DryRun: boolean };
  assert.ok(document.ZipFile.equals(archive));
  assert.equal(document.DryRun, true);
  assert.deepEqual(seen, [createHash('sha256').update(text).digest('hex')]);
  assert.equal(whole(), false);
  const refusing = {
    isSenderKnown: false,
    verify() {
      throw new ServiceError('InvalidSignatureException', 'no');
    },
  };
  await assert.rejects(bodyOf(text).body.readDocument({ ZipFile: 'blob' }, { ...about, bodyCheck: refusing }), { code: 'InvalidSignatureException' });
});
