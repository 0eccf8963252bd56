// Two parsers read the same port. Whatever the fast path serves, node:http must have read as exactly the same request, or one
// of them could be talked into seeing a request that the other takes for a body (request smuggling). Every stream is sent to
// node:http alone, then to the listener with the fast path; both must have seen the same requests.
// HANEUL_FUZZ_STREAMS makes the run longer, HANEUL_FUZZ_SEED repeats one.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSeededRandom } from '../../src/base/random.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import { BodyBudget } from '../../src/server/body.ts';
import { FastArrival } from '../../src/server/front/fastArrival.ts';
import { createHttpServer, listen, type Listener } from '../../src/server/listen.ts';
import { testCertificates } from '../../src/server/tls/testing/testCertificates.ts';
import type { WireResponse } from '../../src/wire/types.ts';
import { createDice, hostileStream, splitAtRandom } from './hostileStreams.ts';

const streams = Number(process.env['HANEUL_FUZZ_STREAMS'] ?? 400);
const seed = Number(process.env['HANEUL_FUZZ_SEED'] ?? Date.now() % 1_000_000);

/** What one parser has made of a stream. */
interface Seen {
  readonly requests: object[];
  fast: number;
  onRequest: () => void;
}

const newSeen = (): Seen => ({ requests: [], fast: 0, onRequest: () => undefined });
let byNode = newSeen();
let byListener = newSeen();
const bugs: unknown[] = [];

async function record(seen: Seen, arrival: Arrival): Promise<WireResponse> {
  const { method, path, query, headers } = arrival.head;
  const request: Record<string, unknown> = { method, path, query, headers: Object.entries(headers).sort(), body: 'cut off' };
  seen.requests.push(request);
  if (arrival instanceof FastArrival) seen.fast += 1;
  seen.onRequest();
  try {
    request['body'] = Buffer.from(await arrival.readBody(1_000_000)).toString('latin1');
  } catch {
    // The stream ended first.
  }
  return { status: 200, headers: {}, body: 'ok' };
}

const oracle = createHttpServer((arrival) => record(byNode, arrival), (bug) => bugs.push(bug), new BodyBudget());
let listener: Listener;

before(async () => {
  oracle.listen(0, '127.0.0.1');
  await once(oracle, 'listening');
  listener = await listen({ host: '127.0.0.1', port: 0 }, (arrival) => record(byListener, arrival), (bug) => bugs.push(bug), new BodyBudget(), testCertificates());
});
after(async () => {
  await listener?.close();
  oracle.close();
});

/** Sends the pieces one by one, waits until `seen` holds as many requests as wanted, then closes and waits for the other side. */
async function send(port: number, pieces: readonly Buffer[], seen: Seen, wanted: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    await nextTurn();
  }
  const complete = new Promise<void>((resolve) => {
    seen.onRequest = () => {
      if (seen.requests.length >= wanted) resolve();
    };
    seen.onRequest();
  });
  await Promise.race([complete, closed, new Promise((resolve) => setTimeout(resolve, 3_000, undefined).unref())]);
  socket.end();
  await closed;
  await nextTurn();
}

test(`the fast path and node:http read ${streams} hostile streams alike (seed ${seed})`, async () => {
  let fast = 0;
  let served = 0;
  for (let index = 0; index < streams; index += 1) {
    const dice = createDice(createSeededRandom(seed + index));
    const stream = hostileStream(dice);
    const pieces = splitAtRandom(stream, dice);
    [byNode, byListener] = [newSeen(), newSeen()];
    await send((oracle.address() as AddressInfo).port, pieces, byNode, 0);
    await send(listener.port, pieces, byListener, byNode.requests.length);
    assert.deepEqual(byListener.requests, byNode.requests, `seed ${seed + index}: ${JSON.stringify(stream.toString('latin1').slice(0, 3_000))}`);
    fast += byListener.fast;
    served += byNode.requests.length;
  }
  assert.deepEqual(bugs, []);
  assert.ok(served > streams / 2 && fast > served / 3, `of ${served} requests ${fast} took the fast path: the streams do not test it`);
});
