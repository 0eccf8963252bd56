import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemErrorCode, UserFacingError } from '../base/errors.ts';
import type { RequestHead, WireResponse } from '../wire/types.ts';
import * as limits from './limits.ts';

/** One request as it arrived: its head, and the connection to answer on. */
export interface Arrival {
  readonly head: RequestHead;
  readonly incoming: IncomingMessage;
  readonly sourceIp: string;
  /** Aborts when the client goes away before the answer is complete. */
  readonly signal: AbortSignal;
}

export interface Listener {
  readonly port: number;
  /** Stops accepting, waits up to `drainMs` for requests under way, then cuts what is left. */
  close(): Promise<void>;
}

/** Opens the one port that serves everything. `respond` must not reject: what it cannot answer is a bug and closes the connection. */
export async function listen(
  address: { readonly host: string; readonly port: number },
  respond: (arrival: Arrival) => Promise<WireResponse>,
  onBug: (error: unknown) => void,
): Promise<Listener> {
  const server = createServer({
    maxHeaderSize: limits.headBytesMax,
    headersTimeout: limits.headTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Tools send requests without Host over HTTP/1.0 and raw sockets; identification does not need it.
    requireHostHeader: false,
    noDelay: true,
  });
  server.maxConnections = limits.connectionsMax;
  const exchange = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    answer(incoming, outgoing, respond).catch((error: unknown) => {
      outgoing.destroy();
      if (!isDisconnect(error)) onBug(error);
    });
  };
  server.on('request', exchange);
  // 100 Continue goes out only once someone reads the body, so a refused upload is never sent.
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    incoming.once('resume', () => outgoing.headersSent || outgoing.writeContinue());
    exchange(incoming, outgoing);
  });
  server.on('clientError', answerMalformed);
  await bind(server, address);
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, respond: (arrival: Arrival) => Promise<WireResponse>): Promise<void> {
  const abort = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) abort.abort(new Error('the client went away'));
  });
  const response = await respond({
    head: headOf(incoming),
    incoming,
    sourceIp: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    signal: abort.signal,
  });
  if (outgoing.destroyed) {
    // Nobody will read it, and what it holds open must go.
    if (response.body instanceof Readable) response.body.destroy();
    return;
  }
  // The rest of a body that nobody wants would otherwise be read as the next request, or fill the socket.
  const unread = !incoming.complete;
  const { status, headers, body } = response;
  const whole = typeof body === 'string' || body instanceof Uint8Array;
  outgoing.writeHead(status, {
    ...headers,
    ...(whole && status !== 204 && status !== 304 ? { 'content-length': Buffer.byteLength(body) } : {}),
    ...(unread ? { connection: 'close' } : {}),
  });
  if (whole) outgoing.end(body);
  else await pipeline(body, outgoing);
  if (unread) discardRest(incoming, outgoing);
}

// Closing at once would reset the connection before a client that is still sending has read the answer.
function discardRest(incoming: IncomingMessage, outgoing: ServerResponse): void {
  let left = 8 * 1024 * 1024;
  incoming.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) incoming.destroy();
  });
  incoming.resume();
  outgoing.once('finish', () => incoming.socket.setTimeout(2_000, () => incoming.destroy()));
}

function headOf(incoming: IncomingMessage): RequestHead {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(incoming.headersDistinct)) if (value) headers[name] = value.join(', ');
  return {
    method: incoming.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers,
  };
}

const malformedAnswers: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

function answerMalformed(error: Error, socket: Socket): void {
  const code = systemErrorCode(error) ?? '';
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, reason] = malformedAnswers[code] ?? [400, 'Bad Request'];
  const body = JSON.stringify({ __type: 'MalformedHttpRequestException', message: reason });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
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

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  // A connection whose answer had begun before was promised to be kept for the next request.
  const sweep = setInterval(() => server.closeIdleConnections(), limits.drainSweepMs);
  const cut = setTimeout(() => server.closeAllConnections(), limits.drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

function isDisconnect(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
