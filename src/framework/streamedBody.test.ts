import assert from 'node:assert/strict';
import { createFailedSignatures } from './failedSignatures.ts';
import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { ServiceError } from '../base/errors.ts';
import { createLogger, type LogRecord } from '../base/log.ts';
import { createPolicyCache } from '../policy/policyCache.ts';
import type { Caller, IssuedCredential } from '../ports/identity.ts';
import { createChecksum } from '../wire/checksums.ts';
import { createCatalogue } from '../wire/identify.ts';
import { loadModel } from '../wire/model.ts';
import { createSignatureVerifier, signRequest } from '../wire/sigv4.ts';
import type { WireResponse } from '../wire/types.ts';
import { type ChainDeps, serveApi } from './chain.ts';
import { type AnyOperation, defineService } from './service.ts';
import type { StreamedBody } from './streamedBody.ts';

const nowMs = Date.UTC(2026, 5, 1);
const user: Caller = { kind: 'user', account: '111122223333', arn: 'arn:aws:iam::111122223333:user/ann', userId: 'AIDAANN', userName: 'ann' };
const annsKey: IssuedCredential = { accessKeyId: 'AKIAANN', secretAccessKey: 'anns-secret', active: true, caller: user };
const allowAll = { identity: [{ source: 'inline:all', document: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}' }] };
const s3Model = loadModel('s3');

interface Upload {
  readonly Key: string;
  readonly Body: StreamedBody;
}

type Handle = (input: Upload) => Promise<object>;

const readAll: Handle = async ({ Body }) => {
  const hash = createHash('sha256');
  for await (const piece of Body) hash.update(piece as Buffer);
  return { ETag: hash.digest('hex') };
};

interface Attempt {
  readonly body: Buffer | string;
  /** What arrives instead of the body that was signed. */
  readonly sent?: Readable | string;
  readonly handle?: Handle;
  readonly buffered?: true;
  readonly headers?: Record<string, string>;
  readonly payloadHash?: string;
  readonly policies?: typeof allowAll | { readonly identity: [] };
  readonly deps?: Partial<ChainDeps>;
  readonly withoutStream?: true;
}

interface Outcome {
  readonly response: WireResponse;
  readonly text: string;
  readonly opened: boolean;
  readonly records: readonly LogRecord[];
}

async function put(options: Attempt): Promise<Outcome> {
  const { handle = readAll, buffered, body, policies = allowAll } = options;
  const operation = { access: () => ({ action: 's3:PutObject', resource: 'arn:aws:s3:::b/k' }), handle, ...(buffered && { buffered }) };
  const service = defineService<object>({ id: 's3', validationErrorCode: 'x', operations: { PutObject: operation as unknown as AnyOperation<object> }, requestBytesMax: { PutObject: 4_000_000 } });
  const url = 'http://127.0.0.1:4566/b/k';
  const bytes = Buffer.from(body);
  const credentials = { accessKeyId: annsKey.accessKeyId, secretAccessKey: annsKey.secretAccessKey };
  const headers = signRequest(
    { method: 'PUT', url, body: bytes, headers: { host: '127.0.0.1:4566', ...options.headers }, service: 's3', region: 'us-east-1', nowMs, ...(options.payloadHash === undefined ? {} : { payloadHash: options.payloadHash }) },
    credentials,
  );
  const sent = options.sent ?? bytes;
  const records: LogRecord[] = [];
  let opened = false;
  const response = await serveApi(
    {
      head: { method: 'PUT', path: '/b/k', query: '', headers: { 'content-length': String(bytes.length), ...headers } },
      sourceIp: '127.0.0.1',
      signal: new AbortController().signal,
      readBody: async () => Buffer.from(sent as string),
      ...(options.withoutStream
        ? {}
        : {
            streamBody: () => {
              opened = true;
              return sent instanceof Readable ? sent : Readable.from([Buffer.from(sent)]);
            },
          }),
    },
    {
      catalogue: createCatalogue([s3Model]),
      services: new Map([['s3', service.bind({})]]),
      credentials: { findCredential: async (id) => (id === annsKey.accessKeyId ? annsKey : undefined), policiesOf: async () => policies },
      signatures: createSignatureVerifier(),
      trustUnknownKeys: false,
      defaultAccount: '000000000000',
      defaultRegion: 'us-east-1',
      wallNow: () => nowMs,
      productNow: () => nowMs,
      iam: 'enforce',
      policies: createPolicyCache(),
      failedSignatures: createFailedSignatures(() => 0),
    endpointOf: () => 'http://127.0.0.1:4566',
      newRequestId: () => 'request-1',
      bodyBytesMaxDefault: 1_000,
      log: createLogger((record) => records.push(record), 'debug'),
      ...options.deps,
    },
  );
  return { response, text: Buffer.from(response.body as string).toString(), opened, records };
}

const codeOf = ({ text }: Outcome): string => /<Code>(.*)<\/Code>/.exec(text)?.[1] ?? text;
const checksumOf = (text: string): string => {
  const checksum = createChecksum('crc32');
  checksum.update(Buffer.from(text));
  return checksum.digest();
};

test('StreamedBody brings the whole body to its operation, at the pace of the reader', async () => {
  const source = new PassThrough({ highWaterMark: 1_000 });
  const body = Buffer.alloc(1_000_000, 'x');
  let paused = 0;
  source.on('pause', () => (paused += 1));
  source.end(body);
  const outcome = await put({ body, sent: source });
  assert.equal(outcome.response.status, 200);
  assert.equal(outcome.response.headers['ETag'], createHash('sha256').update(body).digest('hex'));
  assert.ok(paused > 0, 'the source was made to wait');
});

test('StreamedBody comes whole where requests only come whole', async () => {
  assert.equal((await put({ body: 'hello', withoutStream: true })).response.headers['ETag'], createHash('sha256').update('hello').digest('hex'));
});

test('StreamedBody is not asked for, so that the client need not send it, before the caller may do what it asks', async () => {
  const denied = await put({ body: 'hello', policies: { identity: [] } });
  assert.deepEqual([codeOf(denied), denied.opened], ['AccessDenied', false]);
  const refused = await put({ body: 'hello', handle: () => Promise.reject(new ServiceError('NoSuchBucket', 'no', { status: 404 })) });
  assert.deepEqual([codeOf(refused), refused.opened], ['NoSuchBucket', false]);
  const large = await put({ body: 'hello', headers: { 'content-length': '5000000' } });
  assert.deepEqual([large.response.status, large.opened], [413, false]);
});

test('StreamedBody fails at its end when the body is not the signed one', async () => {
  let ended = false;
  const handle: Handle = async (input) => {
    const output = await readAll(input);
    ended = true;
    return output;
  };
  const outcome = await put({ body: 'hello', sent: 'jello', handle });
  assert.equal(codeOf(outcome), 'XAmzContentSHA256Mismatch');
  assert.equal(ended, false);
});

test('StreamedBody fails when the client goes away, and when more comes than the operation takes', async () => {
  const cut = new PassThrough();
  cut.write('hel');
  setImmediate(() => cut.destroy());
  assert.equal(codeOf(await put({ body: 'hello', sent: cut })), 'RequestAborted');
  const endless = Readable.from((function* () {
    for (;;) yield Buffer.alloc(100_000);
  })());
  assert.equal((await put({ body: 'hello', sent: endless })).response.status, 413);
  assert.equal(endless.isPaused(), true);
});

test('StreamedBody gives the verified trailers and digests of a chunked body after its end', async () => {
  const seen: object[] = [];
  const handle: Handle = async ({ Body }) => {
    assert.throws(() => Body.trailers, /before its end/);
    Body.compute('md5');
    assert.equal(Body.declaredBytes, 5);
    for await (const piece of Body) seen.push({ piece: String(piece) });
    seen.push({ ...Body.trailers }, { ...Body.digests });
    return {};
  };
  const headers = { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '5', 'x-amz-trailer': 'x-amz-checksum-crc32' };
  const sent = (checksum: string): string => `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${checksum}\r\n\r\n`;
  const payloadHash = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
  const right = await put({ body: '', sent: sent(checksumOf('hello')), headers, payloadHash, handle });
  assert.equal(right.response.status, 200, right.text);
  const md5 = createHash('md5').update('hello').digest('base64');
  assert.deepEqual(seen, [{ piece: 'hello' }, { 'x-amz-checksum-crc32': checksumOf('hello') }, { md5, crc32: checksumOf('hello') }]);
  const wrong = await put({ body: '', sent: sent(checksumOf('jello')), headers, payloadHash });
  assert.equal(codeOf(wrong), 'BadDigest');
});

test('StreamedBody is compared with the checksum and the MD5 of the head', async () => {
  const md5 = createHash('md5').update('hello').digest('base64');
  assert.equal((await put({ body: 'hello', headers: { 'content-md5': md5, 'x-amz-checksum-crc32': checksumOf('hello') } })).response.status, 200);
  assert.equal(codeOf(await put({ body: 'jello', headers: { 'content-md5': md5 } })), 'BadDigest');
  assert.equal(codeOf(await put({ body: 'jello', headers: { 'x-amz-checksum-crc32': checksumOf('hello') } })), 'BadDigest');
  assert.equal(codeOf(await put({ body: 'hello', headers: { 'content-md5': 'hello' } })), 'InvalidDigest');
  assert.equal(codeOf(await put({ body: 'hello', headers: { 'x-amz-checksum-crc32': 'hello' } })), 'InvalidRequest');
  const two = { 'x-amz-checksum-crc32': checksumOf('hello'), 'x-amz-checksum-sha1': createHash('sha1').update('hello').digest('base64') };
  assert.equal(codeOf(await put({ body: 'hello', headers: two })), 'InvalidRequest');
});

test('serveApi treats an operation that answers without having read its body as a bug', async () => {
  const outcome = await put({ body: 'hello', handle: async () => ({}) });
  assert.equal(outcome.response.status, 500);
  assert.ok(outcome.records.some(({ text }) => text === 'bug'));
});

test('serveApi hands a buffered operation bytes, also where the model has a stream', async () => {
  const seen: unknown[] = [];
  const handle = async (input: { readonly Body: unknown }): Promise<object> => {
    seen.push(input.Body);
    return {};
  };
  await put({ body: 'hello', buffered: true, handle });
  assert.deepEqual(seen, [Buffer.from('hello')]);
});

test('serveApi refuses what is too large for its operation before any of it is read, by a limit that may depend on the head', async () => {
  const service = defineService<object>({
    id: 's3',
    validationErrorCode: 'x',
    operations: {},
    requestBytesMax: { PutObject: ({ headers }) => (headers['x-small'] === undefined ? 100 : 3) },
    tooLarge: (name, bytesMax, { headers }) => new ServiceError('TooMuch', `${name} ${bytesMax} ${headers['content-length']}`, { status: 413 }),
  }).bind({});
  const head = { method: 'PUT', path: '/b/k', query: '', headers: { 'x-small': 'yes', 'content-length': '4' } };
  assert.deepEqual([service.requestBytesMax('PutObject', head), service.requestBytesMax('GetObject', head)], [3, undefined]);
  assert.equal(service.tooLarge?.('PutObject', 3, head).message, 'PutObject 3 4');
});
