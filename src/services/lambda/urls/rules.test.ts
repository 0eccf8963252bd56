import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crossOriginHeaders, preflightHeaders } from './crossOrigin.ts';
import { httpAnswer, httpHead, readPrelude } from './urlAnswer.ts';
import { urlEvent } from './urlEvent.ts';
import { urlIdOf } from './urlStore.ts';

const answer = (value: unknown) => httpAnswer(Buffer.from(JSON.stringify(value)));

test('httpAnswer takes what the guide shows, and nothing that HTTP could not carry', () => {
  assert.deepEqual(answer({ statusCode: 201, body: 'x', headers: { A: 1, b: true, c: ['d', 'e'], gone: null } }), {
    ...{ status: 201, cookies: [], body: 'x', headers: { 'content-type': 'application/json', a: '1', b: 'true', c: 'd,e' } },
  });
  assert.equal(httpAnswer(Buffer.from('not JSON')), undefined);
  for (const wrong of [{ statusCode: 100 }, { statusCode: 600 }, { statusCode: 200.5 }, { statusCode: '200' }, { statusCode: 200, cookies: 'a=1' }, { statusCode: 200, cookies: ['a\n'] }]) {
    assert.equal(answer(wrong), undefined, JSON.stringify(wrong));
  }
  for (const headers of [[], 'a', { 'bad name': 'x' }, { '': 'x' }, { a: '한' }]) assert.equal(answer({ statusCode: 200, headers }), undefined, JSON.stringify(headers));
  assert.deepEqual(answer({ statusCode: 200, headers: { __proto__: null, constructor: 'x' } })?.headers, { 'content-type': 'application/json', constructor: 'x' });
  assert.deepEqual(httpHead({ headers: { 'Set-Cookie': 'own=1' }, cookies: ['a=1'] })?.cookies, ['own=1', 'a=1']);
});

test('readPrelude waits for eight zero bytes, wherever the pieces are cut', () => {
  const bytes = Buffer.from('{"statusCode":202}\0\0\0\0\0\0\0\0body');
  for (let length = 0; length < bytes.length - 4; length += 1) assert.equal(readPrelude(bytes.subarray(0, length)), undefined);
  const prelude = readPrelude(bytes);
  assert.deepEqual([prelude?.head?.status, bytes.toString('utf8', prelude?.bodyStart)], [202, 'body']);
  assert.equal(readPrelude(Buffer.from('not JSON\0\0\0\0\0\0\0\0'))?.head, undefined);
});

test('urlEvent decodes parameters leniently and keeps what it cannot decode', () => {
  const request = {
    ...{ urlId: 'id', region: 'us-east-1', method: 'GET', path: '/', query: 'a=%zz&b=x+y&__proto__=1&&c', headers: {}, isSecure: true },
    ...{ sourceIp: '127.0.0.1', body: new Uint8Array(), requestId: 'r', traceId: 't', nowMs: 0 },
  };
  const event = JSON.parse(urlEvent(request).toString()) as { queryStringParameters: object; requestContext: { time: string; domainName: string }; headers: Record<string, string> };
  assert.deepEqual(Object.entries(event.queryStringParameters), [['a', '%zz'], ['b', 'x y'], ['__proto__', '1'], ['c', '']]);
  assert.deepEqual([event.requestContext.time, event.requestContext.domainName], ['01/Jan/1970:00:00:00 +0000', 'id.lambda-url.us-east-1.on.aws']);
  assert.equal(event.headers['x-forwarded-port'], '443');
  assert.ok(!('cookies' in event) && !('body' in event));
});

test('crossOriginHeaders and preflightHeaders grant what is configured to whom it is configured for', () => {
  const any = { allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*'] };
  const headers = { origin: 'https://a.example', 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-a,x-b' };
  assert.deepEqual(preflightHeaders(any, 'OPTIONS', headers), { 'access-control-allow-origin': '*', 'access-control-allow-methods': '*', 'access-control-allow-headers': '*' });
  // With credentials an asterisk is a name like any other (Fetch standard).
  assert.deepEqual(preflightHeaders({ ...any, allowCredentials: true }, 'OPTIONS', headers), {
    'access-control-allow-origin': 'https://a.example',
    vary: 'Origin',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'PUT',
    'access-control-allow-headers': 'x-a,x-b',
  });
  assert.equal(preflightHeaders(any, 'GET', headers), undefined);
  assert.equal(preflightHeaders(undefined, 'OPTIONS', headers), undefined);
  assert.deepEqual(preflightHeaders({ allowOrigins: ['https://a.example'], allowMethods: ['GET'] }, 'OPTIONS', headers), { vary: 'Origin' });
  assert.deepEqual(crossOriginHeaders(any, {}), {});
});

test('urlIdOf tells accounts, regions, functions and aliases apart', () => {
  const owner = { account: '000000000000', region: 'us-east-1', name: 'a', qualifier: '' };
  const ids = [owner, { ...owner, account: '111111111111' }, { ...owner, region: 'eu-west-1' }, { ...owner, name: 'b' }, { ...owner, qualifier: 'a' }].map(urlIdOf);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[a-z2-7]{32}$/);
});
