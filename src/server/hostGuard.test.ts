import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestHead } from '../wire/types.ts';
import { refuseForeignRequest } from './hostGuard.ts';

const head = (headers: Record<string, string>): RequestHead => ({ method: 'POST', path: '/', query: '', headers });
const loopback = { loopback: true };

test('refuseForeignRequest lets loopback names and AWS names through', () => {
  for (const host of ['127.0.0.1:4566', 'localhost:4566', '[::1]:4566', 'bucket.s3.localhost:4566', 'lambda.us-east-1.amazonaws.com', '127.0.0.53']) {
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
