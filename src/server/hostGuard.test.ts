import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestHead } from '../wire/types.ts';
import { isLocalPage, refuseForeignRequest, refuseWebsiteScript, sandboxPage } from './hostGuard.ts';

const head = (headers: Record<string, string>): RequestHead => ({ method: 'POST', path: '/', query: '', headers });
const loopback = { loopback: true };

test('refuseForeignRequest lets loopback names and AWS names through', () => {
  for (const host of ['127.0.0.1:4566', 'localhost:4566', '[::1]:4566', 'bucket.s3.localhost:4566', 'abc.lambda-url.us-east-1.on.aws', 'abc.lambda-url.us-east-1.localhost:4566', 'lambda.us-east-1.amazonaws.com', '127.0.0.53']) {
    assert.equal(refuseForeignRequest(head({ host }), loopback), undefined, host);
  }
});

test('refuseForeignRequest refuses a rebound name on a loopback listener only', () => {
  assert.match(refuseForeignRequest(head({ host: 'evil.example:4566' }), loopback) ?? '', /evil\.example/);
  assert.match(refuseForeignRequest(head({ host: '127.0.0.1.evil.example' }), loopback) ?? '', /evil/);
  assert.equal(refuseForeignRequest(head({ host: 'haneul.internal:4566' }), { loopback: false }), undefined);
});

test('refuseForeignRequest refuses a foreign origin and accepts its own', () => {
  const host = '127.0.0.1:4566';
  assert.match(refuseForeignRequest(head({ host, origin: 'https://evil.example' }), loopback) ?? '', /origin/);
  assert.match(refuseForeignRequest(head({ host, origin: 'null' }), loopback) ?? '', /origin/);
  assert.equal(refuseForeignRequest(head({ host, origin: `http://${host}` }), loopback), undefined);
});

test('refuseForeignRequest refuses what a foreign page embeds or links to, and lets a person open an address', () => {
  const host = '127.0.0.1:4566';
  for (const site of ['cross-site', 'same-site']) assert.match(refuseForeignRequest(head({ host, 'sec-fetch-site': site }), loopback) ?? '', /origin/);
  for (const site of ['same-origin', 'none']) assert.equal(refuseForeignRequest(head({ host, 'sec-fetch-site': site }), loopback), undefined);
});

test('refuseWebsiteScript serves visits of a website and nothing that its pages could steer the server with', () => {
  const visit = (headers: Record<string, string>, method = 'GET', path = '/', query = '') =>
    refuseWebsiteScript({ method, path, query, headers: { host: 'photos.s3-website.localhost:4566', ...headers } });
  assert.equal(visit({}), undefined);
  assert.equal(visit({ host: 'photos.s3.localhost:4566' }, 'PUT'), undefined);
  const scope = 'AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/iam/aws4_request';
  for (const refused of [
    visit({}, 'POST'),
    visit({}, 'GET', '/_haneul/denials'),
    visit({ 'x-amz-target': 'AWSLogs.DescribeLogGroups' }),
    visit({ 'smithy-protocol': 'rpc-v2-cbor' }),
    visit({ authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00` }),
    visit({}, 'GET', '/', `X-Amz-%41lgorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Signature=00`),
  ]) {
    assert.match(refused ?? '', /only its pages/);
  }
});

test('isLocalPage trusts pages of servers on this machine, and none that may have come out of a bucket', () => {
  const isLocal = (origin: string) => isLocalPage(head({ origin }));
  for (const origin of ['http://localhost:3000', 'http://127.0.0.1:5173', 'https://app.localhost', 'http://[::1]:8080']) assert.equal(isLocal(origin), true, origin);
  for (const origin of ['null', '', 'https://evil.example', 'http://localhost.evil.example', 'http://photos.s3-website.localhost:4566', 'http://photos.s3.localhost:4566']) {
    assert.equal(isLocal(origin), false, origin);
  }
});

test('isLocalPage takes what a page of this machine shows for its own, at a loopback name only', () => {
  const shows = (host: string, site: string) => isLocalPage(head({ host, 'sec-fetch-site': site }));
  assert.deepEqual(['localhost:4566', '127.0.0.1:4566', '[::1]:4566'].map((host) => shows(host, 'same-site')), [true, true, true]);
  assert.equal(shows('localhost:4566', 'cross-site'), false);
  assert.equal(shows('photos.s3.amazonaws.com', 'same-site'), false);
});

test('sandboxPage takes its origin from what a browser would run as a page', () => {
  const policyOf = (type: string, host = 'localhost:4566') =>
    sandboxPage({ method: 'GET', path: '/', query: '', headers: { host } }, { status: 200, headers: { 'Content-Type': type }, body: '' }).headers['Content-Security-Policy'];
  for (const type of ['text/html', 'TEXT/HTML; charset=utf-8', 'image/svg+xml', 'application/xml', 'application/xhtml+xml', '', 'unknown/unknown']) {
    assert.match(policyOf(type) ?? '', /^sandbox (?!.*allow-same-origin)/, type);
  }
  for (const type of ['image/png', 'application/pdf', 'binary/octet-stream', 'text/plain']) assert.equal(policyOf(type), undefined, type);
  assert.equal(policyOf('text/html', 'photos.s3-website.localhost:4566'), undefined);
});
