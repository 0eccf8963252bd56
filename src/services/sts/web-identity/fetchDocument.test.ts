import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createFakeClock, wallClock } from '../../../base/clock.ts';
import { fetchDocument } from './fetchDocument.ts';

async function serve(context: TestContext, listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
}

const local = { thumbprints: [], wall: wallClock, allowsLoopback: true } as const;

test('fetchDocument reads one JSON document and follows no redirects', async (context) => {
  const url = await serve(context, (_request, answer) => void answer.end('{"keys":[]}'));
  assert.deepEqual(await fetchDocument({ ...local, url }), { keys: [] });
  const elsewhere = await serve(context, (_request, answer) => void answer.writeHead(302, { location: url.href }).end());
  await assert.rejects(fetchDocument({ ...local, url: elsewhere }), /answered 302/);
});

test('fetchDocument ends with a document that is too long and with an issuer that says nothing', async (context) => {
  const long = await serve(context, (_request, answer) => void answer.end(Buffer.alloc(300_000, 0x20)));
  await assert.rejects(fetchDocument({ ...local, url: long }), /too long/);
  const wall = createFakeClock();
  const silent = await serve(context, () => wall.advance(5_001));
  await assert.rejects(fetchDocument({ ...local, wall, url: silent }));
});

test('fetchDocument asks over HTTPS only, and outside local mode nobody on this machine', async () => {
  const strict = { ...local, allowsLoopback: false };
  for (const text of ['http://issuer.example/', 'ftp://issuer.example/']) await assert.rejects(fetchDocument({ ...local, url: new URL(text) }), /over HTTPS only/);
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '0.0.0.0', '[::ffff:127.0.0.1]', '[fe80::1]']) {
    await assert.rejects(fetchDocument({ ...strict, url: new URL(`https://${host}/`) }), /not public/);
  }
});
