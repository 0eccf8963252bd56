// A server on a developer's machine is spoken to by half-written clients, port scanners and crashing programs. Whatever they
// send, they get a clear answer, memory stays bounded, and the next well-behaved client notices nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, suite, test } from 'node:test';
import { openIdle, requestHead, sendOne, sendRaw, type RawAnswer } from '../support/rawHttp.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const megabyte = 1024 * 1024;
let server: ServerProcess;
let memoryAtStart = 0;

before(async () => {
  server = await startServerProcess();
  await identityWorks();
  memoryAtStart = server.memoryBytes();
});
after(async () => {
  assert.equal(await server?.stop(), 0, 'the server stops in good order after all this');
});
afterEach(async () => {
  await identityWorks();
});

async function identityWorks(): Promise<void> {
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const head = requestHead('POST /', 'sts', { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length });
  const answer = await sendOne(server.port, head + body);
  assert.equal(answer.status, 200, `a proper request after it: ${answer.head}\n${answer.body}\n${server.output().slice(-2_000)}`);
  assert.match(answer.body, /<Arn>arn:aws:iam::000000000000:root<\/Arn>/);
}

function isRefused(answer: RawAnswer, status: number | readonly number[]): void {
  assert.ok([status].flat().includes(answer.status), `status ${answer.status}, expected ${String(status)}: ${answer.body.slice(0, 300)}`);
}

suite('malformed HTTP', () => {
  const malformed: readonly [string, string, number | readonly number[]][] = [
    ['a request line of nonsense', 'HELLO THERE SERVER\r\n\r\n', 400],
    ['a version from the future', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', [400, 505]],
    ['a space in a header name', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nBad Name: x\r\n\r\n', 400],
    ['a null byte in a header', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n', 400],
    ['two lengths that differ', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd', 400],
    ['a length and chunks at once', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['a negative length', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n', 400],
    ['a length that is no number', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ten\r\n\r\n', 400],
    ['a header without end', `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(200_000)}`, 431],
    ['ten thousand headers', `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${Array.from({ length: 10_000 }, (_, index) => `X-${index}: y\r\n`).join('')}\r\n`, 431],
    ['a path of 100 KB', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, [414, 431]],
  ];
  for (const [what, bytes, status] of malformed) {
    test(`${what} is answered with a 4xx and closed`, async () => {
      isRefused(await sendOne(server.port, Buffer.from(bytes, 'latin1')), status);
    });
  }
  test('a chunk size that is no number is refused', async () => {
    const head = requestHead('POST /2015-03-31/functions', 'lambda', { 'Transfer-Encoding': 'chunked' });
    isRefused(await sendOne(server.port, `${head}zz\r\nabc\r\n0\r\n\r\n`), 400);
  });
  test('bytes beyond the declared length are no second request', async () => {
    const head = requestHead('GET /2015-03-31/functions', 'lambda', { Connection: 'keep-alive', 'Content-Length': 2 });
    const answers = await sendRaw(server.port, `${head}{}and more that nobody declared\r\n\r\n`);
    assert.ok(answers.length >= 1 && answers.length <= 2, `${answers.length} answers`);
    if (answers[1]) isRefused(answers[1], 400);
  });
});

suite('malformed requests of a service', () => {
  const post = (path: string, service: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> =>
    sendOne(server.port, Buffer.concat([Buffer.from(requestHead(`POST ${path}`, service, { 'Content-Length': Buffer.byteLength(body), ...headers })), Buffer.from(body)]));
  const target = { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': 'Logs_20140328.DescribeLogGroups' };
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

  for (const [what, body] of [['cut off', '{"FunctionName":"x"'], ['no object', '[1,2]'], ['a bare word', 'nonsense'], ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])]] as const) {
    test(`REST JSON that is ${what} is refused in that protocol`, async () => {
      const answer = await post('/2015-03-31/functions', 'lambda', body, { 'Content-Type': 'application/json' });
      isRefused(answer, 400);
      assert.match(answer.head, /^x-amzn-errortype: \w+/im);
      assert.equal(typeof JSON.parse(answer.body), 'object');
    });
    test(`JSON 1.1 that is ${what} is refused in that protocol`, async () => {
      const answer = await post('/', 'logs', body, target);
      isRefused(answer, 400);
      assert.match(String((JSON.parse(answer.body) as { __type: string }).__type), /SerializationException$/);
    });
  }
  test('JSON nested a hundred thousand deep is refused', async () => {
    isRefused(await post('/', 'logs', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, target), 400);
    isRefused(await post('/2015-03-31/functions', 'lambda', `{"Tags":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`), 400);
  });
  test('a member of the wrong type is refused', async () => {
    isRefused(await post('/', 'logs', '{"limit":"many"}', target), 400);
    isRefused(await post('/2015-03-31/functions', 'lambda', '{"FunctionName":{"a":1},"Code":[]}'), 400);
  });
  test('keys that mean something to JavaScript are ordinary keys', async () => {
    const answer = await post('/', 'logs', '{"__proto__":{"limit":1},"constructor":{"prototype":{"polluted":1}}}', target);
    assert.equal(answer.status, 200, answer.body);
  });
  for (const [what, body] of [
    ['without an action', 'Version=2010-05-08'],
    ['with an action that does not exist', 'Action=MakeTea&Version=2010-05-08'],
    ['with broken escapes', 'Action=GetRole&RoleName=%E0%A4%A&Version=2010-05-08'],
    ['of binary', Buffer.from([0, 1, 2, 255, 254])],
    ['with a thousand parameters', `Action=GetRole&Version=2010-05-08&${Array.from({ length: 1_000 }, (_, index) => `Tags.member.${index}.Key=x`).join('&')}`],
  ] as const) {
    test(`a form ${what} is refused in XML`, async () => {
      const answer = await post('/', 'iam', body, form);
      isRefused(answer, [400, 404]);
      assert.match(answer.body, /<ErrorResponse[^]*<Code>\w+<\/Code>[^]*<RequestId>/);
    });
  }
  for (const path of ['/2015-03-31/functions/%', '/2015-03-31/functions/%ZZ/invocations', '/2015-03-31/functions/..%2F..%2Fetc/invocations', '/2015-03-31/nonsense', '/2099-01-01/functions']) {
    test(`the path ${path} is refused`, async () => {
      isRefused(await post(path, 'lambda', '{}'), [400, 403, 404, 501]);
    });
  }
  test('a target that does not exist is refused', async () => {
    const answer = await post('/', 'logs', '{}', { ...target, 'X-Amz-Target': 'Logs_20140328.MakeTea' });
    isRefused(answer, [400, 404]);
    assert.match(answer.body, /UnknownOperation/);
  });
  test('odd methods are refused', async () => {
    for (const method of ['TRACE', 'PROPFIND', 'PATCH']) isRefused(await sendOne(server.port, requestHead(`${method} /2015-03-31/functions`, 'lambda')), [400, 403, 404, 405, 501]);
    const tunnel = await sendOne(server.port, 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n');
    assert.ok(tunnel.status === 0 || (tunnel.status >= 400 && tunnel.status <= 501), `CONNECT: ${tunnel.status}`);
  });
  test('an upgrade is not taken up', async () => {
    const answer = await sendOne(server.port, requestHead('GET /', 'lambda', { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' }), { waitMs: 500 });
    assert.notEqual(answer.status, 101);
  });
});

suite('requests that come from elsewhere', () => {
  test('a web page of another origin is refused', async () => {
    isRefused(await sendOne(server.port, requestHead('GET /2015-03-31/functions', 'lambda', { Origin: 'https://evil.example' })), 403);
  });
  test('a name that was rebound to this machine is refused', async () => {
    isRefused(await sendOne(server.port, requestHead('GET /2015-03-31/functions', 'lambda', { Host: 'evil.example' })), 403);
    isRefused(await sendOne(server.port, 'POST /_haneul/reset HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'), 403);
  });
  test('an unsigned request is anonymous, not root', async () => {
    isRefused(await sendOne(server.port, 'GET /2015-03-31/functions HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'), 403);
  });
});

suite('bodies', () => {
  test('a body that is cut off harms nobody', async () => {
    const head = requestHead('POST /2015-03-31/functions', 'lambda', { 'Content-Length': 1_000_000 });
    for (let round = 0; round < 20; round += 1) {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`${head}{"FunctionName":`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      socket.destroy();
    }
  });
  test('a body that comes drop by drop keeps nobody waiting', async () => {
    const socket = await openIdle(server.port);
    const body = 'Action=GetCallerIdentity&Version=2011-06-15';
    socket.write(requestHead('POST /', 'sts', { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length }));
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    const ended = once(socket, 'end');
    for (const letter of body) {
      socket.write(letter);
      await identityWorks();
    }
    await ended;
    assert.match(Buffer.concat(received).toString('utf8'), /^HTTP\/1\.1 200 /);
    socket.destroy();
  });
  test('a body declared far too large is refused before it is sent', async () => {
    const answer = await sendOne(server.port, requestHead('POST /2015-03-31/functions', 'lambda', { 'Content-Length': 10 * 1024 * megabyte, 'Content-Type': 'application/json' }));
    isRefused(answer, 413);
    assert.match(answer.head, /^x-amzn-errortype: /im);
  });
  test('a body without end is cut at the limit, in bounded memory', async () => {
    const socket = await openIdle(server.port);
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    let open = true;
    socket.on('close', () => {
      open = false;
    });
    socket.write(requestHead('POST /', 'logs', { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': 'Logs_20140328.PutLogEvents', 'Transfer-Encoding': 'chunked' }));
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(megabyte, 0x20), Buffer.from('\r\n')]);
    for (let sent = 0; open && sent < 400; sent += 1) {
      if (!socket.write(chunk)) await writable(socket);
    }
    assert.ok(!open, 'the server let 400 MB in');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(Buffer.concat(received).toString('latin1'))?.[1] ?? 0);
    assert.ok([0, 400, 413].includes(status), `status ${status}`);
  });
  test('Expect: 100-continue is answered before the body is sent', async () => {
    const body = 'Action=GetCallerIdentity&Version=2011-06-15';
    const socket = await openIdle(server.port);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write(body);
    });
    socket.write(requestHead('POST /', 'sts', { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length, Expect: '100-continue' }));
    await once(socket, 'end');
    assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    socket.destroy();
  });
});

/** Resolves when more may be written, when the other side has closed, or after a second: whatever comes first. */
function writable(socket: Socket): Promise<void> {
  const abort = new AbortController();
  const first = ['drain', 'close'].map((name) => once(socket, name, { signal: abort.signal }));
  const late = setTimeout(() => abort.abort(), 1_000);
  return Promise.race(first).then(
    () => undefined,
    () => undefined,
  ).finally(() => {
    clearTimeout(late);
    abort.abort();
    for (const waiting of first) waiting.catch(() => undefined);
  });
}

suite('connections', () => {
  test('a hundred pipelined requests are answered in order', async () => {
    const body = 'Action=GetCallerIdentity&Version=2011-06-15';
    const one = requestHead('POST /', 'sts', { Connection: 'keep-alive', 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length }) + body;
    const two = requestHead('GET /2015-03-31/functions/absent', 'lambda', { Connection: 'keep-alive' });
    const answers = await sendRaw(server.port, `${(one + two).repeat(50)}GET /_haneul/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`, { waitMs: 20_000 });
    assert.deepEqual(answers.map((answer) => answer.status), [...Array.from({ length: 50 }, () => [200, 404]).flat(), 200]);
  });
  test('a thousand idle connections leave room for one that works', async () => {
    const sockets = [];
    for (let batch = 0; batch < 20; batch += 1) sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => openIdle(server.port)))));
    for (const socket of sockets.slice(0, 500)) socket.write('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ');
    await identityWorks();
    for (const socket of sockets) socket.destroy();
  });
  test('after all of this memory is where it was, within 200 MB', async () => {
    const grownBytes = server.memoryBytes() - memoryAtStart;
    assert.ok(grownBytes < 200 * megabyte, `grew by ${Math.round(grownBytes / megabyte)} MB`);
  });
});
