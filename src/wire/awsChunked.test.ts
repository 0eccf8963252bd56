import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../base/errors.ts';
import { createSeededRandom } from '../base/random.ts';
import type { V4Credential } from './authorization.ts';
import { awsChunkedDecoderFor, withoutAwsChunked } from './awsChunked.ts';
import { checksumNames, createChecksum } from './checksums.ts';
import { createSignatureVerifier } from './sigv4.ts';
import type { RequestHead } from './types.ts';

// Secret, date and data of the S3 API reference, "Example: Transferring payload in multiple chunks" (with and without trailers).
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const big = 'a'.repeat(65_536);
const small = 'a'.repeat(1_024);
const published = {
  seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  chunks: ['ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648', '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497', 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'],
};
const publishedTrailer = {
  seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  chunks: ['b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2', '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7', '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992'],
  trailer: 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
};

function signerFrom(seed: string) {
  const credential: V4Credential = {
    kind: 'v4', place: 'header', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', date: '20130524', region: 'us-east-1', service: 's3', signedHeaders: ['host'],
    signature: seed, timestamp: '20130524T000000Z', expiresSeconds: undefined, sessionToken: undefined,
  };
  return createSignatureVerifier().continueFrom(credential, secret);
}

function headOf(form: string, decodedBytes: number, headers: Record<string, string> = {}): RequestHead {
  return {
    method: 'PUT', path: '/b/k', query: '',
    headers: { 'x-amz-content-sha256': form, 'x-amz-decoded-content-length': String(decodedBytes), 'content-encoding': 'aws-chunked', 'content-length': '1', ...headers },
  };
}

const signedForm = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const unsignedForm = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
const signedBody = ([first, second, last]: readonly string[], trailers = ''): string =>
  `10000;chunk-signature=${first}\r\n${big}\r\n400;chunk-signature=${second}\r\n${small}\r\n0;chunk-signature=${last}\r\n${trailers}\r\n`;

interface Given {
  readonly form: string;
  readonly body: string | Buffer;
  readonly decodedBytes: number;
  readonly headers?: Record<string, string>;
  readonly seed?: string;
  readonly pieceBytes?: number;
}

function decode({ form, body, decodedBytes, headers, seed, pieceBytes = 1_000_000 }: Given): { text: string; trailers: Readonly<Record<string, string>> } {
  const decoder = awsChunkedDecoderFor(headOf(form, decodedBytes, headers), seed === undefined ? undefined : signerFrom(seed));
  assert.ok(decoder);
  const bytes = Buffer.from(body);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(...decoder.push(bytes.subarray(at, at + pieceBytes)));
  return { text: Buffer.concat(pieces).toString(), trailers: decoder.finish() };
}

const refused = (given: Given): string => {
  try {
    decode(given);
  } catch (error) {
    assert.ok(error instanceof ServiceError, String(error));
    return `${error.status} ${error.code}: ${error.message}`;
  }
  return 'accepted';
};

test('AwsChunkedDecoder accepts the published signatures, however the body is cut', () => {
  for (const pieceBytes of [1_000_000, 65_536, 4_096, 7, 1]) {
    const given = { form: signedForm, body: signedBody(published.chunks), decodedBytes: 66_560, seed: published.seed, pieceBytes };
    assert.equal(decode(given).text, big + small);
  }
});

test('AwsChunkedDecoder accepts the published signatures with a trailer', () => {
  const trailers = `x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:${publishedTrailer.trailer}\r\n`;
  const given = { form: `${signedForm}-TRAILER`, body: signedBody(publishedTrailer.chunks, trailers), decodedBytes: 66_560, seed: publishedTrailer.seed, headers: { 'x-amz-trailer': 'x-amz-checksum-crc32c' } };
  assert.deepEqual({ ...decode(given).trailers }, { 'x-amz-checksum-crc32c': 'sOO8/Q==' });
  for (const [from, to, refusal] of [
    ['d81f', 'd81e', /^403 SignatureDoesNotMatch/],
    ['sOO8', 'sOO9', /^403 SignatureDoesNotMatch/],
    ['x-amz-trailer-signature', 'x-other', /^400 MalformedTrailerError/],
  ] as const) assert.match(refused({ ...given, body: given.body.replace(from, to) }), refusal);
});

test('AwsChunkedDecoder refuses a changed chunk, a changed order and a chunk that is missing', () => {
  const given = { form: signedForm, body: signedBody(published.chunks), decodedBytes: 66_560, seed: published.seed };
  assert.match(refused({ ...given, body: given.body.replace('aaa', 'aab') }), /^403 SignatureDoesNotMatch/);
  assert.match(refused({ ...given, body: given.body.replace('b6c6', 'b6c7') }), /^403 SignatureDoesNotMatch/);
  assert.match(refused({ ...given, seed: publishedTrailer.seed }), /^403 SignatureDoesNotMatch/);
  assert.match(refused({ ...given, body: given.body.slice(0, -100) }), /^400 IncompleteBody/);
  assert.match(refused({ ...given, body: given.body.slice(given.body.indexOf('400;')) }), /^403 SignatureDoesNotMatch/);
  assert.match(refused({ ...given, body: given.body.replace(/;chunk-signature=\w+/, '') }), /^400 InvalidRequest/);
});

test('AwsChunkedDecoder takes signed chunks of a key that nobody can verify', () => {
  assert.equal(decode({ form: signedForm, body: signedBody(published.chunks.map(() => '0'.repeat(64))), decodedBytes: 66_560 }).text, big + small);
});

test('AwsChunkedDecoder verifies every kind of trailing checksum', () => {
  for (const name of checksumNames) {
    const checksum = createChecksum(name);
    checksum.update(Buffer.from('hello world'));
    const value = checksum.digest();
    const header = `x-amz-checksum-${name}`;
    const given = { form: unsignedForm, body: `b\r\nhello world\r\n0\r\n${header}:${value}\r\n\r\n`, decodedBytes: 11, headers: { 'x-amz-trailer': header } };
    assert.deepEqual({ ...decode(given).trailers }, { [header]: value });
    assert.equal(refused({ ...given, body: given.body.replace('hello', 'jello') }), `400 BadDigest: The ${name.toUpperCase()} you specified did not match the calculated checksum.`);
    assert.equal(refused({ ...given, body: given.body.replace(value, 'AAAA') }), `400 InvalidRequest: Value for ${header} trailing header is invalid.`);
    assert.match(refused({ ...given, body: 'b\r\nhello world\r\n0\r\n\r\n' }), /^400 MalformedTrailerError/);
    assert.match(refused({ ...given, headers: {} }), /^400 MalformedTrailerError/);
  }
});

test('createChecksum knows the check values of the catalogue of CRCs', () => {
  const digest = (name: (typeof checksumNames)[number]): string => {
    const checksum = createChecksum(name);
    for (const letter of ['1234', '5', '6789']) checksum.update(Buffer.from(letter));
    return Buffer.from(checksum.digest(), 'base64').toString('hex');
  };
  assert.equal(digest('crc32'), 'cbf43926');
  assert.equal(digest('crc32c'), 'e3069283');
  assert.equal(digest('crc64nvme'), 'ae8b14860a799888');
  assert.equal(digest('sha1'), 'f7c3bc1d808e04732adf679965ccc34ca7ae3441');
});

test('AwsChunkedDecoder does not wait for a trailer that came as a header', () => {
  const headers = { 'x-amz-trailer': 'x-amz-checksum-crc32', 'x-amz-checksum-crc32': 'DUoRhQ==' };
  assert.equal(decode({ form: unsignedForm, body: 'b\r\nhello world\r\n0\r\n\r\n', decodedBytes: 11, headers }).text, 'hello world');
});

test('AwsChunkedDecoder refuses small chunks before the last, in the words of S3', () => {
  const body = `2000\r\n${'x'.repeat(8_192)}\r\n3e8\r\n${'x'.repeat(1_000)}\r\n1\r\nx\r\n0\r\n\r\n`;
  assert.equal(refused({ form: unsignedForm, body, decodedBytes: 9_193 }), '403 InvalidChunkSizeError: Only the last chunk is allowed to have a size less than 8192 bytes');
});

test('AwsChunkedDecoder refuses what is not of its form', () => {
  const of = (body: string, decodedBytes = 3): string => refused({ form: unsignedForm, body, decodedBytes });
  assert.match(of('3\r\nabc\r\n0\r\n\r\n', 4), /^400 IncompleteBody/);
  assert.match(of('3\r\nabc\r\n0\r\n\r\n', 2), /^400 IncompleteBody/);
  assert.match(of('3\r\nabc\r\n'), /^400 IncompleteBody/);
  assert.match(of(''), /^400 IncompleteBody/);
  for (const body of ['abc', '3\nabc\r\n0\r\n\r\n', '3\r\nabcd\r\n0\r\n\r\n', '+3\r\nabc\r\n', '3;x=y\r\nabc\r\n', `${'0'.repeat(1_000)}3\r\nabc`]) {
    assert.match(of(body), /^400 (?:InvalidRequest|IncompleteBody)/, body);
  }
  assert.match(of(`3\r\nabc\r\n0\r\n${'x'.repeat(10_000)}`), /^400 MalformedTrailerError/);
});

test('awsChunkedDecoderFor asks for the decoded length and refuses unknown forms', () => {
  assert.equal(awsChunkedDecoderFor({ method: 'PUT', path: '/', query: '', headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }, undefined), undefined);
  assert.throws(() => awsChunkedDecoderFor({ method: 'PUT', path: '/', query: '', headers: { 'x-amz-content-sha256': unsignedForm } }, undefined), { code: 'MissingContentLength' });
  assert.throws(() => awsChunkedDecoderFor(headOf('STREAMING-SOMETHING-ELSE', 1), undefined), { code: 'InvalidRequest' });
});

test('withoutAwsChunked leaves the other codings, the length of the data and the trailers', () => {
  const seen = withoutAwsChunked(headOf(unsignedForm, 11, { 'content-encoding': 'aws-chunked,gzip' }), { 'x-amz-checksum-crc32': 'DUoRhQ==' });
  assert.equal(seen.headers['content-encoding'], 'gzip');
  assert.equal(seen.headers['content-length'], '11');
  assert.equal(seen.headers['x-amz-checksum-crc32'], 'DUoRhQ==');
  assert.equal(withoutAwsChunked(headOf(unsignedForm, 11), {}).headers['content-encoding'], undefined);
});

test('AwsChunkedDecoder gives data as it comes and holds none of it back', () => {
  const random = createSeededRandom(7);
  const data = random.bytes(300_000);
  const body = Buffer.concat([Buffer.from('493e0\r\n'), data, Buffer.from('\r\n0\r\n\r\n')]);
  const decoder = awsChunkedDecoderFor(headOf(unsignedForm, data.length), undefined);
  assert.ok(decoder);
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += 10_000) {
    pieces.push(...decoder.push(body.subarray(at, at + 10_000)));
    const came = pieces.reduce((sum, piece) => sum + piece.length, 0);
    assert.equal(came, Math.min(data.length, at + 10_000 - '493e0\r\n'.length), 'everything pushed so far has come out');
  }
  assert.ok(Buffer.concat(pieces).equals(data));
  assert.deepEqual({ ...decoder.finish() }, {});
});
