import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, test } from 'node:test';
import type { WireResponse } from '../../wire/types.ts';
import type { Arrival } from '../arrival.ts';
import { BodyBudget, BodyError } from '../body.ts';
import { isDisconnect } from '../disconnect.ts';
import { FastConnection } from './fastConnection.ts';
import { fastDocumentBytesMax } from './limits.ts';
import { ResponseWriter } from './responseWriter.ts';

const path = '/2015-03-31/functions/hello/invocations';
const request = (body: string, headers = ''): string => `POST ${path} HTTP/1.1\r\nhost: x\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const ok = (body: string): WireResponse => ({ status: 200, headers: { 'content-type': 'text/plain' }, body });

interface Scene {
  readonly client: Socket;
  readonly connection: FastConnection;
  /** What the next server of each connection has received. */
  readonly handedOver: string[];
  readonly bugs: unknown[];
  /** Resolves once everything received so far matches. */
  receive(pattern: RegExp): Promise<string>;
}

const opened: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
});

/** One client on one fast connection over a real socket. */
async function open(respond: (arrival: Arrival) => Promise<WireResponse>): Promise<Scene> {
  const [handedOver, bugs]: [string[], unknown[]] = [[], []];
  const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [serverSocket] = await accepted;
  opened.push(socket, serverSocket, { destroy: () => server.close() });
  const connection = new FastConnection(serverSocket, {
    respond,
    handOver(taken) {
      const index = handedOver.push('') - 1;
      taken.setEncoding('latin1').on('data', (chunk: string) => (handedOver[index] += chunk)).resume();
    },
    onBug: (error) => void bugs.push(error),
    onLeave: () => undefined,
    budget: new BodyBudget(),
    writer: new ResponseWriter(),
  });
  let text = '';
  let wake = (): void => undefined;
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    wake();
  });
  socket.on('error', () => undefined).on('close', () => wake());
  const receive = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) {
      assert.ok(!socket.destroyed, `closed after ${JSON.stringify(text)}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return text;
  };
  return { client: socket, connection, handedOver, bugs, receive };
}

const echo = async (arrival: Arrival): Promise<WireResponse> => ok(Buffer.from(await arrival.readBody(1_000_000)).toString('latin1'));

test('FastConnection answers with length, date and keep-alive', async () => {
  const { client, receive } = await open(echo);
  client.write(request('ping'));
  assert.match(await receive(/ping$/), /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain\r\ndate: \w{3}, \d\d [^\r]* GMT\r\ncontent-length: 4\r\nconnection: keep-alive\r\nkeep-alive: timeout=65\r\n\r\nping$/);
});

test('FastConnection answers pipelined requests one after the other and in order', async () => {
  let running = 0;
  let most = 0;
  const { client, receive } = await open(async (arrival) => {
    most = Math.max(most, (running += 1));
    const body = Buffer.from(await arrival.readBody(100)).toString();
    await new Promise(setImmediate);
    running -= 1;
    return ok(`<${body}>`);
  });
  client.write(Array.from({ length: 50 }, (_, index) => request(String(index))).join(''));
  const text = await receive(/<49>$/);
  assert.deepEqual([...text.matchAll(/<(\d+)>/g)].map((match) => Number(match[1])), Array.from({ length: 50 }, (_, index) => index));
  assert.equal(most, 1);
});

const documentOf = (body: string, headers = 'X-Amz-Target: A.B\r\n'): string => `POST / HTTP/1.1\r\nhost: x\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test('FastConnection serves documents that name their operation in a field or a form, and leaves other posts to the root', async () => {
  const { client, handedOver, receive } = await open(async (arrival) => ok(`<${arrival.head.path} ${(await arrival.readBody(100)).length}>`));
  client.write(documentOf('{}') + documentOf('Action=A', 'content-type: application/x-www-form-urlencoded; charset=utf-8\r\n'));
  await receive(/<\/ 2>[^]*<\/ 8>$/);
  const upload = documentOf('--x', 'content-type: multipart/form-data; boundary=x\r\n');
  client.write(upload);
  while ((handedOver[0] ?? '').length < upload.length) await new Promise(setImmediate);
  assert.deepEqual(handedOver, [upload]);
});

test('FastConnection leaves a document that is read in pieces to node:http, by its declared length', async () => {
  const atEdge = await open(async () => ok('mine'));
  atEdge.client.write(`POST / HTTP/1.1\r\nX-Amz-Target: A.B\r\ncontent-length: ${fastDocumentBytesMax - 1}\r\n\r\n`);
  await atEdge.receive(/mine$/);
  const past = await open(async () => ok('not mine'));
  past.client.write(`POST / HTTP/1.1\r\nX-Amz-Target: A.B\r\ncontent-length: ${fastDocumentBytesMax}\r\n\r\n`);
  while (past.handedOver.length === 0) await new Promise(setImmediate);
});

test('FastConnection sends a streamed answer in chunks as it comes, and closes behind it', async () => {
  const body = new PassThrough();
  const { client, connection, receive } = await open(async () => ({ status: 200, headers: {}, body }));
  client.write(documentOf('{}'));
  body.write('first');
  assert.match(await receive(/5\r\nfirst\r\n$/), /transfer-encoding: chunked\r\nconnection: close\r\n\r\n/);
  connection.sweep(performance.now() + 10_000_000);
  const closed = once(client, 'close');
  body.end('a longer last piece');
  await receive(/\r\n13\r\na longer last piece\r\n0\r\n\r\n$/);
  await closed;
});

test('FastConnection ends a streamed answer whose reader went away, and cuts one that fails', async () => {
  const left = new PassThrough();
  const leaving = await open(async () => ({ status: 200, headers: {}, body: left }));
  leaving.client.write(documentOf('{}'));
  left.write('first');
  await leaving.receive(/first/);
  const ended = new Promise<unknown>((resolve) => left.once('error', resolve));
  leaving.client.destroy();
  assert.ok(isDisconnect(await ended));
  assert.deepEqual(leaving.bugs, []);
  const broken = new PassThrough();
  const breaking = await open(async () => ({ status: 200, headers: {}, body: broken }));
  breaking.client.write(documentOf('{}'));
  broken.write('first');
  const text = await breaking.receive(/first/);
  const closed = once(breaking.client, 'close');
  broken.destroy(new Error('lost'));
  await closed;
  assert.doesNotMatch(text, /0\r\n\r\n$/);
  assert.equal(breaking.bugs.length, 1);
});

test('FastConnection puts a head and a body together from pieces', async () => {
  const { client, receive } = await open(echo);
  const bytes = request('a'.repeat(300_000));
  for (const piece of [bytes.slice(0, 1), bytes.slice(1, 70), bytes.slice(70, 120), bytes.slice(120, 200_000), `${bytes.slice(200_000)}${request('next')}`]) {
    client.write(piece, 'latin1');
    await new Promise(setImmediate);
  }
  assert.match(await receive(/next$/), /\r\n\r\na{300000}HTTP\/1\.1 200/);
});

test('FastConnection hands a request that is not its kind over with all of its bytes, and stays away', async () => {
  const { client, handedOver, receive } = await open(echo);
  client.write(request('mine'));
  await receive(/mine$/);
  const foreign = `GET / HTTP/1.1\r\nhost: x\r\n\r\n${request('not mine any more')}`;
  client.write(foreign);
  while ((handedOver[0] ?? '').length < foreign.length) await new Promise(setImmediate);
  assert.deepEqual(handedOver, [foreign]);
});

test('FastConnection hands over a head in too many pieces, and one that is too long', async () => {
  const many = await open(echo);
  for (const letter of request('x')) {
    many.client.write(letter);
    await new Promise(setImmediate);
    if (many.handedOver.length > 0) break;
  }
  assert.equal(many.handedOver.length, 1);
  many.client.destroy();
  const long = await open(echo);
  long.client.write(request('x', `x-long: ${'a'.repeat(20_000)}\r\n`).slice(0, 18_000));
  while (long.handedOver.length === 0) await new Promise(setImmediate);
});

test('FastConnection ends a slow head, a slow body and an idle connection', async () => {
  const late = performance.now() + 400_000;
  const slowHead = await open(echo);
  slowHead.client.write('POST /2015');
  await new Promise<void>((resolve) => slowHead.connection.socket.once('data', () => resolve()));
  slowHead.connection.sweep(performance.now());
  slowHead.connection.sweep(late);
  assert.match(await slowHead.receive(/\}$/), /^HTTP\/1\.1 408 Request Timeout\r\nconnection: close/);
  slowHead.client.destroy();

  let failure: unknown;
  const slowBody = await open((arrival) => echo(arrival).catch((error: unknown) => ((failure = error), ok(''))));
  slowBody.client.write(request('0123456789').slice(0, -5));
  await new Promise<void>((resolve) => slowBody.connection.socket.once('data', () => resolve()));
  slowBody.connection.sweep(late);
  assert.match(await slowBody.receive(/\}$/), /^HTTP\/1\.1 408 /);
  assert.equal(failure instanceof BodyError && failure.failure, 'aborted');
  slowBody.client.destroy();

  const idle = await open(echo);
  idle.client.write(request('ping'));
  await idle.receive(/ping$/);
  idle.connection.sweep(performance.now() + 60_000);
  assert.ok(!idle.connection.socket.destroyed, 'within the keep-alive time');
  idle.connection.sweep(performance.now() + 66_000);
  assert.ok(idle.connection.socket.destroyed);
});

test('FastConnection lets a request run as long as it takes', async () => {
  let answer = (_response: WireResponse): void => undefined;
  const { client, connection, receive } = await open(() => new Promise((resolve) => (answer = resolve)));
  client.write(request('x'));
  await new Promise<void>((resolve) => connection.socket.once('data', () => resolve()));
  connection.sweep(performance.now() + 10_000_000);
  answer(ok('late'));
  await receive(/late$/);
});

test('FastConnection tells a request that its client went away', async () => {
  const { client, connection, bugs } = await open(async (arrival) => {
    await once(arrival.signal, 'abort');
    return ok('nobody reads this');
  });
  client.write(request('x'));
  await new Promise<void>((resolve) => connection.socket.once('data', () => resolve()));
  client.destroy();
  await once(connection.socket, 'close');
  assert.deepEqual(bugs, []);
});

test('FastConnection serves no more while its answers are not read', async () => {
  let served = 0;
  const big = 'b'.repeat(4_000_000);
  const { client, connection } = await open(async () => {
    served += 1;
    return ok(big);
  });
  client.pause();
  client.write(request('x').repeat(20));
  while (connection.socket.writableLength === 0) await new Promise(setImmediate);
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  assert.ok(served < 5, `${served} answers wait for a client that reads none`);
  let received = 0;
  client.on('data', (chunk: string) => (received += chunk.length)).resume();
  while (received < 20 * big.length) await once(client, 'data');
  assert.equal(served, 20);
});

test('FastConnection answers a body that is refused, discards the rest and closes', async () => {
  const { client, receive } = await open(async (arrival) => {
    await arrival.readBody(10).catch((error: unknown) => assert.equal(error instanceof BodyError && error.failure, 'too-large'));
    return { status: 413, headers: {}, body: 'no' };
  });
  client.write(request('x'.repeat(1_000_000)).slice(0, 100_000));
  const closed = once(client, 'close');
  assert.match(await receive(/no$/), /^HTTP\/1\.1 413 [^]*connection: close/);
  client.end('x'.repeat(900_000));
  await closed;
});

test('FastConnection skips a body that nobody read when all of it is there', async () => {
  const { client, receive } = await open(async () => ok('.'));
  client.write(request('unread') + request('unread too'));
  assert.match(await receive(/\.HTTP[^]*\.$/), /keep-alive/);
});

test('FastConnection finishes its request when it is stopped, and says that it closes', async () => {
  let answer = (_response: WireResponse): void => undefined;
  const { client, connection, receive } = await open(() => new Promise((resolve) => (answer = resolve)));
  client.write(request('x'));
  await new Promise<void>((resolve) => connection.socket.once('data', () => resolve()));
  connection.stop();
  const closed = once(client, 'close');
  answer(ok('done'));
  assert.match(await receive(/done$/), /connection: close/);
  await closed;
});

test('FastConnection sends each cookie in a field of its own', async () => {
  const { client, receive } = await open(async () => ({ ...ok('.'), cookies: ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2'] }));
  client.write(request('x'));
  assert.match(await receive(/\.$/), /\r\nset-cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\nset-cookie: b=2\r\n/);
});

test('FastConnection treats an answer that would forge a header as a bug', async () => {
  const { client, bugs } = await open(async () => ({ status: 200, headers: { 'x-user': 'a\r\nset-cookie: b' }, body: '' }));
  client.write(request('x'));
  await once(client, 'close');
  assert.equal(bugs.length, 1);
});
