import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../base/errors.ts';
import { createSeededRandom } from '../base/random.ts';
import { type BlobPlaces, blobPlacesOf, BlobSieve } from './blobSieve.ts';
import { codecOf } from './codecs.ts';
import { loadModel } from './model.ts';

const places: BlobPlaces = { ZipFile: 'blob', Code: { ZipFile: 'blob' } };
const tooLarge = (): ServiceError => new ServiceError('TooLarge', 'too large');

function sift(text: string, pieceBytes = 1_000_000): unknown {
  const bytes = Buffer.from(text);
  const sieve = new BlobSieve({ places, protocol: 'restJson1', bytesMax: bytes.length, tooLarge });
  for (let at = 0; at < bytes.length; at += pieceBytes) sieve.push(bytes.subarray(at, at + pieceBytes));
  return sieve.finish();
}

test('BlobSieve gives the document that JSON.parse gives, with its blobs as bytes, however it is cut', () => {
  const random = createSeededRandom(11);
  const package1 = random.bytes(1_000);
  const document = { A: '"\\\u00e9{[', Code: { ZipFile: package1.toString('base64'), S3Key: 'x' }, list: [{ ZipFile: 'text' }, '}'], ZipFile: Buffer.from('hi').toString('base64'), n: -1.5e3, t: true, z: null };
  const text = JSON.stringify(document, null, 1);
  const wanted = { ...document, Code: { ZipFile: package1, S3Key: 'x' }, ZipFile: Buffer.from('hi') };
  for (const pieceBytes of [1, 2, 3, 7, 64, 1_000, 100_000]) assert.deepEqual(sift(text, pieceBytes), wanted, `${pieceBytes}`);
});

test('BlobSieve keeps blobs apart while their memory grows', () => {
  const random = createSeededRandom(12);
  const [small, large, last] = [random.bytes(100), random.bytes(1_500_000), random.bytes(200_000)];
  const text = `{"ZipFile":"${small.toString('base64')}","Code":{"ZipFile":"${large.toString('base64')}"},"x":1,"Code2":{}}`;
  for (const pieceBytes of [65_536, 10_000_000]) assert.deepEqual(sift(text, pieceBytes), { ZipFile: small, Code: { ZipFile: large }, x: 1, Code2: {} });
  const replaced = `{"ZipFile":"${large.toString('base64')}","Code":{"ZipFile":"${small.toString('base64')}!"},"ZipFile":"${last.toString('base64')}"}`;
  assert.deepEqual(sift(replaced, 65_536), { ZipFile: last, Code: { ZipFile: '?' } });
});

test('BlobSieve takes base64 as strictly as the reader of small documents', () => {
  const model = loadModel('lambda').findOperation('UpdateFunctionCode');
  assert.ok(model);
  const { parseInput, parseDocument } = codecOf('restJson1');
  const head = { method: 'PUT', path: '/', query: '', headers: {} };
  const outcome = (run: () => object): string => {
    try {
      return JSON.stringify(run());
    } catch (error) {
      return String(error);
    }
  };
  const texts = ['', 'QQ==', 'QUI=', 'QUJD', 'QQ', 'QQ=', 'Q===', 'QQ==QQ==', 'QUJD\\n', 'QU-D', 'QU_D', 'QU D', 'QUéD', '=', '====', 'a\\/b/', '\\u0051UJD', 'QUJDRA==', 'QUJD=RA='];
  for (const text of texts) {
    const body = `{"ZipFile":"${text}"}`;
    const whole = outcome(() => parseInput(model, head, {}, Buffer.from(body)));
    // Nobody writes letters of base64 as \u0051.
    const wanted: string = text.startsWith('\\u') ? outcome(() => parseInput(model, head, {}, Buffer.from('{"ZipFile":"?"}'))) : whole;
    for (const pieceBytes of [1, 3, 100]) assert.equal(outcome(() => parseDocument?.(model, head, {}, sift(body, pieceBytes)) ?? {}), wanted, text);
  }
});

test('BlobSieve leaves documents that are none to the parser', () => {
  for (const text of ['{', '{"ZipFile":"QUJD', '{"ZipFile":"QUJD"', '[]]', '{"ZipFile" "QUJD"}', '"', '{"ZipFile":"QUJD\\']) {
    assert.throws(() => sift(text), (error) => error instanceof ServiceError && error.code !== 'TooLarge', text);
  }
  assert.deepEqual([sift('[]'), sift('"QUJD"'), sift('null'), sift('{"ZipFile":null,"Code":[1]}')], [[], 'QUJD', null, { ZipFile: null, Code: [1] }]);
  assert.deepEqual(sift('{"ZipFile":"QQ==","ZipFile":"Qg=="}'), { ZipFile: Buffer.from('B') });
  assert.deepEqual(Object.keys(sift('{"__proto__":{"ZipFile":"QQ=="},"constructor":"x"}') as object), ['__proto__', 'constructor']);
});

test('BlobSieve refuses a document that is large or deep without its blobs', () => {
  assert.throws(() => sift(`{"ZipFile":"QQ==","x":"${'y'.repeat(1_100_000)}"}`), { code: 'TooLarge' });
  assert.throws(() => sift('['.repeat(1_000)), { code: 'TooLarge' });
});

test('blobPlacesOf finds the blobs of a document by the names on the wire', () => {
  const lambda = loadModel('lambda');
  const of = (name: string): unknown => {
    const operation = lambda.findOperation(name);
    return operation && JSON.parse(JSON.stringify(blobPlacesOf(operation, 'restJson1') ?? null));
  };
  assert.deepEqual(of('CreateFunction'), { Code: { ZipFile: 'blob' } });
  assert.deepEqual(of('UpdateFunctionCode'), { ZipFile: 'blob' });
  assert.deepEqual([of('Invoke'), of('GetFunction')], [null, null]);
});
