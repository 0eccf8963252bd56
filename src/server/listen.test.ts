import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { BodyDecoder } from '../wire/bodyDecoder.ts';
import { StreamedBody } from '../framework/streamedBody.ts';
import type { WireResponse } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';
import { BodyBudget } from './body.ts';
import { testCertificates } from './tls/testing/testCertificates.ts';
import { listen } from './listen.ts';

const ok = (body: string): WireResponse => ({ status: 200, headers: {}, body });

async function openServer(t: TestContext, respond: (arrival: Arrival) => Promise<WireResponse>): Promise<{ readonly socket: Socket; readonly until: (pattern: RegExp) => Promise<string> }> {
  const bugs: unknown[] = [];
  const listener = await listen({ host: '127.0.0.1', port: 0 }, respond, (bug) => bugs.push(bug), new BodyBudget(), testCertificates());
  const socket = connect(listener.port, '127.0.0.1');
  t.after(async () => {
    socket.destroy();
    await listener.close();
    assert.deepEqual(bugs, []);
  });
  await once(socket, 'connect');
  let seen = '';
  return {
    socket,
    async until(pattern) {
      while (!pattern.test(seen)) {
        const [chunk] = (await once(socket, 'data')) as [Buffer];
        seen += chunk.toString();
      }
      const all = seen;
      seen = '';
      return all;
    },
  };
}

function bodyOf(arrival: Arrival): StreamedBody {
  return new StreamedBody({
    open: () => arrival.stream?.() ?? assert.fail('no stream'),
    decoder: new BodyDecoder({ chunks: undefined, declared: new Map(), verifyHash: undefined }),
    bytesMax: 1e9,
    tooLarge: () => assert.fail('too large'),
    declaredBytes: undefined,
  });
}

const put = (bytes: number, more = ''): string => `PUT /b/k HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n${more}\r\n`;

test('listen tells a client to go on only when somebody reads its body, and then keeps the connection', async (t) => {
  let mayRead: (() => void) | undefined;
  const { socket, until } = await openServer(t, async (arrival) => {
    const body = bodyOf(arrival);
    await new Promise<void>((resolve) => (mayRead = resolve));
    let text = '';
    for await (const piece of body) text += String(piece);
    return ok(text);
  });
  for (const round of ['first', 'second']) {
    socket.write(put(5, 'expect: 100-continue\r\n'));
    let early = '';
    const listener = (chunk: Buffer): void => void (early += chunk.toString());
    socket.on('data', listener);
    while (!mayRead) await new Promise(setImmediate);
    assert.equal(early, '', 'nothing is said before somebody reads');
    socket.off('data', listener);
    mayRead();
    mayRead = undefined;
    await until(/100 Continue/);
    socket.write('hello');
    assert.match(await until(/hello$/), /^HTTP\/1.1 200 OK[^]*keep-alive[^]*hello$/, round);
  }
});

test('listen never asks for a body that is refused, and closes after the answer', async (t) => {
  const { socket, until } = await openServer(t, async (arrival) => {
    bodyOf(arrival).destroy();
    return ok('no');
  });
  socket.write(put(5, 'expect: 100-continue\r\n'));
  const answer = await until(/no$/);
  assert.match(answer, /^HTTP\/1.1 200 OK/);
  assert.match(answer, /connection: close/i);
});

test('listen lets a client that is in the middle of its body read why it was refused', async (t) => {
  const { socket, until } = await openServer(t, async (arrival) => {
    const body = bodyOf(arrival);
    for await (const piece of body) {
      assert.ok(piece);
      break;
    }
    return ok('refused');
  });
  socket.write(put(6_000_000));
  socket.write(Buffer.alloc(5_000_000));
  assert.match(await until(/refused$/), /connection: close/i);
});
