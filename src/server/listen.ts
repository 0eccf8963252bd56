import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemErrorCode, UserFacingError } from '../base/errors.ts';
import type { RequestHead, WireResponse } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';
import { type BodyBudget, piecesReader, readBody, streamBody } from './body.ts';
import { isDisconnect } from './disconnect.ts';
import { createFront, type Front } from './front/createFront.ts';
import * as limits from './limits.ts';
import type { Certificates } from './tls/authority.ts';
import { answerMalformed } from './malformed.ts';

type Respond = (arrival: Arrival) => Promise<WireResponse>;

export interface Listener {
  readonly port: number;
  /** Stops accepting, waits up to `drainMs` for requests under way, then cuts what is left. */
  close(): Promise<void>;
}

/** Opens the one port that serves everything. `respond` must not reject: what it cannot answer is a bug and closes the connection. */
export async function listen(
  address: { readonly host: string; readonly port: number },
  respond: Respond,
  onBug: (error: unknown) => void,
  budget: BodyBudget,
  certificates: Certificates,
): Promise<Listener> {
  const server = createHttpServer(respond, onBug, budget);
  const front = createFront(server, { respond, onBug, budget, certificates });
  await bind(server, address);
  return { port: (server.address() as AddressInfo).port, close: () => close(server, front) };
}

const wantedEvent = 'haneul-body-wanted';

/** The server behind the fast path: node:http with this server's limits and answers. */
export function createHttpServer(respond: Respond, onBug: (error: unknown) => void, budget: BodyBudget): Server {
  const server = createServer({
    maxHeaderSize: limits.headBytesMax,
    headersTimeout: limits.headTimeoutMs,
    // Bodies have time limits of their own (body.ts): node:http has one for all, and a large object may take hours.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Tools send requests without Host over HTTP/1.0 and raw sockets; identification does not need it.
    requireHostHeader: false,
    noDelay: true,
  });
  server.maxConnections = limits.connectionsMax;
  const exchange = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    answer(incoming, outgoing, respond, budget).catch((error: unknown) => {
      outgoing.destroy();
      if (!isDisconnect(error)) onBug(error);
    });
  };
  server.on('request', exchange);
  // 100 Continue goes out only once someone reads the body, so a refused upload is never sent.
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    let continued = false;
    const goOn = (): void => {
      if (!continued && !outgoing.headersSent) outgoing.writeContinue();
      continued = true;
    };
    incoming.once('resume', goOn).once(wantedEvent, goOn);
    exchange(incoming, outgoing);
  });
  server.on('clientError', answerMalformed);
  return server;
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, respond: Respond, budget: BodyBudget): Promise<void> {
  const abort = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) abort.abort(new Error('the client went away'));
  });
  const pieces = piecesReader(incoming, budget);
  const response = await respond({
    head: headOf(incoming),
    readBody: (bytesMax) => readBody(incoming, bytesMax, budget),
    readPieces: pieces.read,
    stream: () => {
      // Who reads it by iteration never resumes it, and the client may be waiting for its 100 Continue.
      incoming.emit(wantedEvent);
      return streamBody(incoming);
    },
    sourceIp: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    signal: abort.signal,
  }).finally(pieces.release);
  if (outgoing.destroyed) {
    // Nobody will read it, and what it holds open must go.
    if (response.body instanceof Readable) response.body.destroy();
    return;
  }
  // The rest of a body that nobody wants would otherwise be read as the next request, or fill the socket.
  const unread = !incoming.complete;
  const { status, headers, body, cookies } = response;
  const whole = typeof body === 'string' || body instanceof Uint8Array;
  // Models with a member for it tell it themselves: the answer to a HEAD even of a body that it does not have.
  const told = 'Content-Length' in headers;
  try {
    const disposition = headers['Content-Disposition'];
    outgoing.writeHead(status, {
      // Behind the length node:http reads this one field as UTF-8, and refuses it for what it holds then.
      ...(disposition === undefined ? {} : { 'Content-Disposition': disposition }),
      ...headers,
      ...(cookies && { 'set-cookie': [...cookies] }),
      ...(whole && status !== 204 && status !== 304 && !told ? { 'content-length': Buffer.byteLength(body) } : {}),
      ...(unread ? { connection: 'close' } : {}),
    });
  } catch (error) {
    if (!whole) body.destroy();
    throw error;
  }
  if (whole) outgoing.end(body);
  else await pipeline(body, outgoing);
  if (unread) discardRest(incoming, outgoing);
}

// Closing at once would reset the connection before a client that is still sending has read the answer.
function discardRest(incoming: IncomingMessage, outgoing: ServerResponse): void {
  let left = limits.discardBytesMax;
  incoming.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) incoming.destroy();
  });
  incoming.resume();
  outgoing.once('finish', () => incoming.socket.setTimeout(limits.discardMs, () => incoming.destroy()));
}

function headOf(incoming: IncomingMessage): RequestHead {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  // Not headersDistinct: a header called `constructor` or `__proto__` makes it throw.
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const { rawHeaders } = incoming;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const known = headers[name];
    headers[name] = known === undefined ? value : `${known}, ${value}`;
  }
  return {
    method: incoming.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers,
    ...('encrypted' in incoming.socket ? { secure: true } : {}),
  };
}

async function bind(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EADDRINUSE') {
      throw new UserFacingError(`Port ${port} on ${host} is already in use.`, `Stop what uses it, or choose another: --port ${port + 1}`);
    }
    if (code === 'EACCES') throw new UserFacingError(`Port ${port} may not be opened by this user.`, 'Choose a port above 1023: --port 4566');
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new UserFacingError(`"${host}" is not an address of this machine.`, 'Use --host 127.0.0.1');
    throw error;
  }
}

async function close(server: Server, front: Front): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  // A connection that served a request until now would stay open for the next one, which is not taken any more.
  const sweep = setInterval(() => server.closeIdleConnections(), limits.drainSweepMs);
  front.stop();
  const cut = setTimeout(() => {
    server.closeAllConnections();
    front.cut();
  }, limits.drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
  front.cut();
}
