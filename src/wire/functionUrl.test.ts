import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionUrlAddress } from './functionUrl.ts';

const id = 'abcdefghijklmnopqrstuvwxyz234567';
const address = (host: string, path = '/a%2Fb') => functionUrlAddress({ method: 'GET', path, query: '', headers: { host } });

test('functionUrlAddress knows a function URL by its host or its path', () => {
  assert.deepEqual(address(`${id}.lambda-url.us-east-1.on.aws`), { urlId: id, region: 'us-east-1', path: '/a%2Fb' });
  assert.deepEqual(address(`${id.toUpperCase()}.Lambda-URL.eu-west-1.LOCALHOST:4566`), { urlId: id, region: 'eu-west-1', path: '/a%2Fb' });
  assert.deepEqual(address('127.0.0.1', `/_haneul/url/${id}/x/y`), { urlId: id, region: undefined, path: '/x/y' });
  assert.deepEqual(address('127.0.0.1', `/_haneul/url/${id}`), { urlId: id, region: undefined, path: '/' });
});

test('functionUrlAddress leaves everything else alone', () => {
  for (const host of ['lambda.us-east-1.amazonaws.com', `x.${id}.lambda-url.us-east-1.on.aws`, `${id}.lambda-url.us-east-1`, `short.lambda-url.us-east-1.on.aws`]) assert.equal(address(host), undefined, host);
  for (const path of ['/_haneul/health', `/_haneul/url/${id}x/`, `/x/_haneul/url/${id}/`, '/_haneul/url/']) assert.equal(address('localhost', path), undefined, path);
});
