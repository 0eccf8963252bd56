import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { authenticationError, authenticationFailure } from './authenticationError.ts';
import { headersNotSigned, parseAuthorization } from './authorization.ts';
import type { V4Credential } from './authorization.ts';
import { bodyCheckOf } from './body.ts';
import { withLiftedHeaders } from './presignedHead.ts';
import { verifySignatureV2 } from './sigv2.ts';
import { createSignatureVerifier, emptyBodyHash, presignUrl, signRequest, unsignedPayload } from './sigv4.ts';
import type { RequestHead } from './types.ts';

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const nowMs = Date.UTC(2015, 7, 30, 12, 36);

function head(method: string, target: string, headers: Record<string, string>): RequestHead {
  const [path = '/', query = ''] = target.split('?');
  return { method, path, query, headers };
}

function signedHead(method: string, target: string, headers: Record<string, string>, signature: string, scope = '20150830/us-east-1/service'): RequestHead {
  const all: Record<string, string> = { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z', ...headers };
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${scope}/aws4_request, SignedHeaders=${Object.keys(all).sort().join(';')}, Signature=${signature}`;
  return head(method, target, { ...all, authorization });
}

function credentialOf(request: RequestHead): V4Credential {
  const parsed = parseAuthorization(request);
  assert.equal(parsed?.kind, 'v4');
  return parsed as V4Credential;
}

function verify(request: RequestHead, options: { body?: string; nowMs?: number; payloadHash?: string; sessionToken?: string; signingNames?: string[] } = {}) {
  const payloadHash = options.payloadHash ?? createHash('sha256').update(options.body ?? '').digest('hex');
  return createSignatureVerifier().verify({ nowMs, ...options, head: request, credential: credentialOf(request), secretAccessKey, payloadHash });
}

// Signatures of AWS's published Signature Version 4 test suite, by the names of its cases.
const suite: readonly (readonly [name: string, method: string, target: string, headers: Record<string, string>, body: string, signature: string])[] = [
  ['get-vanilla', 'GET', '/', {}, '', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['post-vanilla', 'POST', '/', {}, '', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  ['get-vanilla-query-order-key-case', 'GET', '/?Param2=value2&Param1=value1', {}, '', 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'],
  ['get-vanilla-empty-query-key', 'GET', '/?Param1=value1', {}, '', 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb'],
  ['get-utf8', 'GET', '/%E1%88%B4', {}, '', '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'],
  ['get-header-key-duplicate', 'GET', '/', { 'my-header1': 'value2, value2, value1' }, '', 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea'],
  [
    'post-x-www-form-urlencoded', 'POST', '/', { 'content-type': 'application/x-www-form-urlencoded' }, 'Param1=value1',
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
  ['get-slash', 'GET', '//', {}, '', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['get-relative-relative', 'GET', '/example1/example2/../..', {}, '', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
];

for (const [name, method, target, headers, body, signature] of suite) {
  test(`verify accepts the published signature of ${name}`, () => {
    assert.equal(verify(signedHead(method, target, headers, signature), { body }), undefined);
  });
}

test('verify accepts the example of the IAM user guide', () => {
  const request = signedHead(
    'GET', '/?Action=ListUsers&Version=2010-05-08',
    { host: 'iam.amazonaws.com', 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7', '20150830/us-east-1/iam',
  );
  assert.equal(verify(request, { signingNames: ['iam'] }), undefined);
  assert.equal(verify(request, { signingNames: ['sts'] })?.message, "Credential should be scoped to correct service: 'sts'. ");
});

test('verify accepts the examples of the S3 API reference, by header and presigned', () => {
  const s3Secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  const headers = {
    host: 'examplebucket.s3.amazonaws.com', range: 'bytes=0-9', 'x-amz-content-sha256': emptyBodyHash, 'x-amz-date': '20130524T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  };
  const signed = head('GET', '/test.txt', headers);
  const at = Date.UTC(2013, 4, 24, 0, 1);
  const verifier = createSignatureVerifier();
  assert.equal(verifier.verify({ head: signed, credential: credentialOf(signed), secretAccessKey: s3Secret, payloadHash: emptyBodyHash, nowMs: at }), undefined);
  const query =
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
  const presigned: RequestHead = { method: 'GET', path: '/test.txt', query, headers: { host: 'examplebucket.s3.amazonaws.com' } };
  const given = { head: presigned, credential: credentialOf(presigned), secretAccessKey: s3Secret, payloadHash: unsignedPayload };
  assert.equal(verifier.verify({ ...given, nowMs: at + 80_000_000 }), undefined);
  const late = verifier.verify({ ...given, nowMs: at + 90_000_000 });
  assert.equal(late?.problem, 'expired');
  assert.equal(late && authenticationError(late, 'restXml').code, 'AccessDenied');
});

test('verify refuses a changed path, query, header, body and secret', () => {
  const [, , , , , good = ''] = suite[0] ?? [];
  assert.equal(verify(signedHead('GET', '/', {}, good))?.problem, undefined);
  assert.equal(verify(signedHead('GET', '/x', {}, good))?.problem, 'bad-signature');
  assert.equal(verify(signedHead('GET', '/?a', {}, good))?.problem, 'bad-signature');
  assert.equal(verify(signedHead('GET', '/', { host: 'evil' }, good))?.problem, 'bad-signature');
  assert.equal(verify(signedHead('GET', '/', {}, good), { body: 'x' })?.problem, 'bad-signature');
  assert.equal(verify(signedHead('GET', '/', {}, good.slice(1)))?.problem, 'bad-signature');
});

test('verify tells the canonical request and the string to sign in the words of AWS', () => {
  const failure = verify(signedHead('GET', '/', {}, '00'));
  assert.equal(
    failure?.message,
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n' +
      `The Canonical String for this request should have been\n'GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n${emptyBodyHash}'\n\n` +
      "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\nbb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63'\n",
  );
});

test('verify refuses a date more than fifteen minutes away on either side', () => {
  const request = signedHead('GET', '/', {}, suite[0]?.[5] ?? '');
  const minutes = 60_000;
  assert.equal(verify(request, { nowMs: nowMs + 15 * minutes }), undefined);
  assert.equal(verify(request, { nowMs: nowMs - 15 * minutes }), undefined);
  assert.equal(verify(request, { nowMs: nowMs + 15 * minutes + 1000 })?.message, 'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)');
  assert.equal(verify(request, { nowMs: nowMs - 16 * minutes })?.problem, 'skewed');
});

test('verify compares session tokens', () => {
  const signed = signRequest({ method: 'GET', url: 'http://h/', service: 'lambda', region: 'us-east-1', nowMs }, { accessKeyId: 'ASIA', secretAccessKey, sessionToken: 'token' });
  const request = head('GET', '/', signed);
  assert.equal(verify(request, { sessionToken: 'token' }), undefined);
  assert.equal(verify(request, { sessionToken: 'other' })?.problem, 'bad-token');
});

test('signRequest and presignUrl are accepted by verify, with paths and queries that need encoding', () => {
  for (const service of ['lambda', 's3']) {
    const url = "http://localhost:4566/a%20b/%C3%BC/x'y(z)*!/arn%3Aaws%3A1/?q=a%2Bb&q=a&empty&Z=%2F";
    const body = 'hello';
    const signed = signRequest({ method: 'PUT', url, body, headers: { 'Content-Type': 'a/b' }, service, region: 'eu-west-1', nowMs }, { accessKeyId: 'AK', secretAccessKey });
    const target = url.slice('http://localhost:4566'.length);
    assert.equal(verify(head('PUT', target, signed), { body }), undefined);
    const presigned = new URL(presignUrl({ method: 'GET', url, service, region: 'eu-west-1', nowMs, expiresSeconds: 60 }, { accessKeyId: 'AK', secretAccessKey }));
    const request: RequestHead = { method: 'GET', path: presigned.pathname, query: presigned.search.slice(1), headers: { host: 'localhost:4566' } };
    assert.equal(verify(request, { payloadHash: service === 's3' ? unsignedPayload : emptyBodyHash }), undefined);
  }
});

test('verify refuses headers that count and were not signed: for S3 always, elsewhere of presigned requests', () => {
  const url = 'http://localhost:4566/b/k';
  const credentials = { accessKeyId: 'AK', secretAccessKey };
  const unsigned = (service: string, place: 'header' | 'query', more: Record<string, string>): string | undefined => {
    const options = { method: 'GET', url, service, region: 'eu-west-1', nowMs };
    const presigned = new URL(place === 'query' ? presignUrl({ ...options, expiresSeconds: 60 }, credentials) : url);
    const headers = place === 'query' ? { host: 'localhost:4566' } : signRequest(options, credentials);
    const request: RequestHead = { method: 'GET', path: '/b/k', query: presigned.search.slice(1), headers: { ...headers, ...more } };
    const failure = verify(request, { payloadHash: service === 's3' && place === 'query' ? unsignedPayload : emptyBodyHash });
    assert.ok(failure === undefined || failure.problem === 'unsigned-headers');
    return failure?.members?.['HeadersNotSigned'];
  };
  const two = { 'x-amz-acl': 'public-read', 'x-amz-meta-a': 'b', 'content-type': 'a/b' };
  assert.equal(unsigned('s3', 'query', two), 'x-amz-acl, x-amz-meta-a');
  assert.equal(unsigned('s3', 'header', { ...two, 'content-md5': 'x' }), 'x-amz-acl, x-amz-meta-a, content-md5');
  assert.equal(unsigned('s3', 'query', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-md5': 'x', 'amz-sdk-request': 'x', 'x-amzn-trace-id': 'x' }), undefined);
  assert.equal(unsigned('lambda', 'query', { 'x-amz-invocation-type': 'Event' }), 'x-amz-invocation-type');
  assert.equal(unsigned('lambda', 'header', { 'x-amz-invocation-type': 'Event' }), undefined);
});

test('authenticationError words unsigned headers as S3 and as the others do', () => {
  const failure = headersNotSigned(['x-amz-acl', 'x-amz-meta-a']);
  const s3 = authenticationError(failure, 'restXml');
  assert.deepEqual([s3.status, s3.code, s3.message, s3.members], [403, 'AccessDenied', 'There were headers present in the request which were not signed', { HeadersNotSigned: 'x-amz-acl, x-amz-meta-a' }]);
  const lambda = authenticationError(failure, 'restJson1');
  assert.deepEqual([lambda.status, lambda.code, lambda.message], [403, 'InvalidSignatureException', "'x-amz-acl' must be a 'SignedHeader' in the AWS Authorization."]);
  const noHost = parseAuthorization(head('GET', '/', { authorization: 'AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=x-amz-date, Signature=0', 'x-amz-date': '20150830T123600Z' }));
  assert.equal(noHost?.kind === 'failure' && noHost.message, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
});

test('withLiftedHeaders takes what was presigned in the query for headers', () => {
  const query = 'X-Amz-Acl=public-read&x-amz-meta-a=b%20c&X-Amz-Credential=AK%2F20260601%2Fr%2Fs3%2Faws4_request&X-Amz-Date=20260601T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0&X-Amz-Algorithm=AWS4-HMAC-SHA256&x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32';
  const request: RequestHead = { method: 'PUT', path: '/b/k', query, headers: { host: 'x', 'x-amz-acl': 'private' } };
  const { headers } = withLiftedHeaders(request, parseAuthorization(request));
  assert.deepEqual({ ...headers }, { host: 'x', 'x-amz-acl': 'private', 'x-amz-meta-a': 'b c' });
  const plain: RequestHead = { method: 'PUT', path: '/b/k', query: 'x-amz-acl=public-read', headers: { host: 'x' } };
  assert.equal(withLiftedHeaders(plain, parseAuthorization(plain)), plain);
});

test('verifySignatureV2 accepts the presigned example of the S3 developer guide', () => {
  const query = 'AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620';
  const request: RequestHead = { method: 'GET', path: '/photos/puppy.jpg', query, headers: { host: 'johnsmith.s3.amazonaws.com' } };
  const credential = parseAuthorization(request);
  assert.equal(credential?.kind, 'v2');
  if (credential?.kind !== 'v2') return;
  const given = { head: request, credential, secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', bucket: 'johnsmith', nowMs: 1_175_139_600_000 };
  assert.equal(verifySignatureV2(given), undefined);
  assert.equal(verifySignatureV2({ ...given, bucket: 'other' })?.problem, 'bad-signature');
  assert.equal(verifySignatureV2({ ...given, nowMs: 1_175_139_621_000 })?.problem, 'expired');
});

test('parseAuthorization names what a malformed header lacks', () => {
  const problem = (authorization: string, headers: Record<string, string> = {}): string | undefined => {
    const parsed = parseAuthorization(head('GET', '/', { authorization, ...headers }));
    return parsed?.kind === 'failure' ? parsed.message : undefined;
  };
  assert.equal(
    problem('AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request'),
    "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256",
  );
  assert.match(problem('AWS4-HMAC-SHA256 nonsense') ?? '', /not a valid key=value pair/);
  const rest = 'SignedHeaders=host, Signature=0';
  assert.match(problem(`AWS4-HMAC-SHA256 Credential=a/b, ${rest}`, { 'x-amz-date': '20150830T123600Z' }) ?? '', /exactly 5 slash-delimited elements/);
  assert.match(problem(`AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, ${rest}`, { 'x-amz-date': 'today' }) ?? '', /ISO-8601 'basic format'/);
  assert.equal(parseAuthorization(head('GET', '/', { authorization: 'Bearer x' })), undefined);
});

test('authenticationError uses the code and status of each protocol', () => {
  const unknown = authenticationFailure('unknown-key');
  const facts = (protocol: Parameters<typeof authenticationError>[1], failure = unknown) => {
    const error = authenticationError(failure, protocol);
    return `${error.status} ${error.code}: ${error.message}`;
  };
  assert.equal(facts('restJson1'), '403 UnrecognizedClientException: The security token included in the request is invalid.');
  assert.equal(facts('awsJson1_0'), '400 UnrecognizedClientException: The security token included in the request is invalid.');
  assert.equal(facts('awsQuery'), '403 InvalidClientTokenId: The security token included in the request is invalid.');
  assert.equal(facts('restXml'), '403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.');
  const missing = authenticationFailure('missing');
  assert.equal(facts('restJson1', missing), '403 MissingAuthenticationTokenException: Missing Authentication Token');
  assert.equal(facts('awsQuery', missing), '403 MissingAuthenticationToken: Request is missing Authentication Token');
});

test('bodyCheckOf says whether the body must be hashed', () => {
  const signed = (headers: Record<string, string>) => {
    const request = signedHead('PUT', '/', headers, '0', '20150830/us-east-1/s3');
    return bodyCheckOf(request, parseAuthorization(request));
  };
  assert.deepEqual(signed({ 'content-length': '3' }), { kind: 'hash-first' });
  assert.deepEqual(signed({}), { kind: 'compare', payloadHash: emptyBodyHash });
  assert.deepEqual(signed({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }), { kind: 'none', payloadHash: 'UNSIGNED-PAYLOAD' });
  assert.deepEqual(signed({ 'x-amz-content-sha256': emptyBodyHash }), { kind: 'compare', payloadHash: emptyBodyHash });
  assert.deepEqual(signed({ 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }), {
    kind: 'chunked', payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', signed: false, trailer: true,
  });
  assert.equal(bodyCheckOf(head('POST', '/', { 'content-length': '9' }), undefined).kind, 'none');
});

test('parseAuthorization refuses a date that no calendar has', () => {
  const request = signedHead('GET', '/', { 'x-amz-date': '20159999T999999Z' }, 'aa');
  assert.deepEqual(parseAuthorization(request), {
    kind: 'failure',
    problem: 'incomplete',
    message: "Date must be in ISO-8601 'basic format'. Got '20159999T999999Z'. See http://en.wikipedia.org/wiki/ISO_8601",
  });
});

test('verify refuses a presigned request from the future that is to last for ever', () => {
  const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE/20990830/us-east-1/service/aws4_request&X-Amz-Date=20990830T123600Z&X-Amz-Expires=1${'0'.repeat(300)}&X-Amz-SignedHeaders=host&X-Amz-Signature=aa`;
  const failure = verify(head('GET', `/?${query}`, { host: 'example.amazonaws.com' }));
  assert.match(failure?.message ?? '', /^X-Amz-Expires must be less than a week/);
});
