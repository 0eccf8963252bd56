import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createPlainServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createFakeClock, wallClock } from '../../../base/clock.ts';
import { createHttpSender, isForbidden } from './httpSender.ts';

const post = (url: string) => ({ url, headers: { 'x-a': 'b' }, body: 'hello', signal: new AbortController().signal });

async function withServer(server: Server | ReturnType<typeof createPlainServer>, work: (url: string) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
}

test('createHttpSender answers the status, and follows nothing', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${String(request.headers['x-a'])} ${String(request.headers['authorization'])}`);
    response.writeHead(302, { location: '/other' }).end('x');
  });
  await withServer(server, async (url) => {
    const send = createHttpSender({ wall: wallClock, mayReachLoopback: true });
    assert.deepEqual(await send(post(url.replace('//', '//user:pass@'))), { kind: 'answered', status: 302 });
    assert.deepEqual(seen, [`POST / b Basic ${Buffer.from('user:pass').toString('base64')}`]);
  });
});

test('createHttpSender gives up on who hangs, lies, or never stops', async () => {
  const wall = createFakeClock();
  const send = createHttpSender({ wall, mayReachLoopback: true });
  const hanging = createServer(() => wall.advance(15_000));
  await withServer(hanging, async (url) => assert.match(JSON.stringify(await send(post(url))), /not answered within 15 seconds/));
  const lying = createPlainServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort')).on('error', () => undefined));
  await withServer(lying, async (url) => assert.equal((await send(post(url))).kind, 'failed'));
  const nonsense = createPlainServer((socket) => socket.on('data', () => socket.end('what?\r\n\r\n')).on('error', () => undefined));
  await withServer(nonsense, async (url) => assert.equal((await send(post(url))).kind, 'failed'));
  const endless = createServer((_request, response) => {
    const write = (): void => void (response.destroyed || response.write('x'.repeat(16_384), write));
    write();
  });
  await withServer(endless, async (url) => assert.deepEqual(await send(post(url)), { kind: 'answered', status: 200 }));
  assert.equal((await send(post('http://127.0.0.1:1/'))).kind, 'failed');
});

test('createHttpSender keeps away from loopback where it must', async () => {
  const send = createHttpSender({ wall: wallClock, mayReachLoopback: false });
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '[::ffff:127.0.0.1]']) assert.match(JSON.stringify(await send(post(`http://${host}:1/`))), /not to be reached/, host);
  assert.deepEqual(['10.0.0.1', '8.8.8.8', '2001:db8::1'].map(isForbidden), [false, false, false]);
});
