// Lambda's Runtime API for one environment (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html): what official
// runtime interface clients and any `bootstrap` speak. Whoever can connect is inside the environment, so there is no
// authentication; the request id in the path and the state machine keep answers in order.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Channel, ChannelAnswer, ChannelInit } from '../channel/channel.ts';
import { createDeferred } from '../deferred.ts';
import { brokenResponseMs, errorDocumentBytesMax, responseBytesMax, runtimeApiConnectionsMax, runtimeApiHeaderBytesMax } from '../limits.ts';
import type { InvocationRequest } from '../types.ts';
import { createResponseParts } from '../channel/responseParts.ts';
import { readParts, wholeAnswer } from './streamedResponse.ts';

export interface RuntimeApiOptions {
  /** Listening already, inside the environment's own network. */
  readonly server: Server;
  readonly wall: Clock;
  /** Answers what is not for the runtime: the APIs of extensions. */
  readonly answerOther?: (message: IncomingMessage, response: ServerResponse) => boolean;
}

/** The names that error messages show. */
type State = 'Started' | 'InitError' | 'Ready' | 'InvocationResponse' | 'InvocationErrorResponse' | 'ResponseSent';

interface Current {
  readonly request: InvocationRequest;
  readonly settle: (answer: ChannelAnswer) => void;
}

/** As the runtime of AWS names it. */
const truncated = { errorType: 'Runtime.TruncatedResponse', errorMessage: 'The runtime broke off its response.' };

const prefix = '/2018-06-01/runtime/';

/** Serves the Runtime API on `server` until it is closed. */
export function openRuntimeApiChannel({ server, wall, answerOther }: RuntimeApiOptions): Channel {
  const init = createDeferred<ChannelInit>();
  let state: State = 'Started';
  let current: Current | undefined;
  /** Polls for the next invocation that wait for one. */
  const waiting = new Set<ServerResponse>();

  function next(response: ServerResponse): void {
    if (state === 'InitError') return refuseTransition(response, 'Ready');
    if (state === 'Started') init.resolve({ kind: 'ready' });
    if (state === 'InvocationResponse' || state === 'InvocationErrorResponse') return refuseTransition(response, 'Ready');
    state = 'Ready';
    if (current) return sendInvocation(response, current.request);
    // Without a request the poll waits, however long: that is the moment at which AWS freezes the environment.
    waiting.add(response);
    response.once('close', () => waiting.delete(response));
  }

  async function answer(message: IncomingMessage, response: ServerResponse, requestId: string, kind: 'response' | 'error'): Promise<void> {
    if (requestId === '' || requestId !== current?.request.requestId) return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID');
    const mine = current;
    const target = kind === 'response' ? 'InvocationResponse' : 'InvocationErrorResponse';
    if (state !== 'Ready') return refuseTransition(response, target);
    state = target;
    if (kind === 'response' && message.headers['lambda-runtime-function-response-mode'] === 'streaming') return stream(message, response, mine);
    const body = await readBody(message, kind === 'response' ? responseBytesMax : errorDocumentBytesMax);
    if (current !== mine) return;
    if (body === undefined) {
      // The sender went away in the middle: it may try again.
      state = 'Ready';
      return;
    }
    state = 'ResponseSent';
    current = undefined;
    if (typeof body === 'number') {
      refuse(response, 413, 'RequestEntityTooLarge', `Exceeded maximum allowed payload size (${responseBytesMax} bytes).`);
      return mine.settle({ kind: 'response-too-large', bytes: body });
    }
    accept(response);
    const contentType = message.headers['content-type'];
    if (kind === 'error') mine.settle({ kind: 'function-error', payload: errorDocument(body, message) });
    else mine.settle(wholeAnswer(mine.request, body, contentType));
  }

  /** A response in pieces: as fast as its reader takes them. Errors that come later than its head are in trailers. */
  async function stream(message: IncomingMessage, response: ServerResponse, mine: Current): Promise<void> {
    const ending = await readParts(message, createResponseParts(mine.request));
    const conclude = (answer: ChannelAnswer): void => {
      if (current !== mine) return;
      state = 'ResponseSent';
      current = undefined;
      mine.settle(answer);
    };
    if (ending === 'broken') {
      // A process that ends says more about it than this.
      wall.at(wall.now() + brokenResponseMs, () => conclude({ kind: 'function-error', payload: Buffer.from(JSON.stringify(truncated)), isMidStream: true }));
      return;
    }
    if (ending.kind === 'response-too-large') refuse(response, 413, 'RequestEntityTooLarge', `Exceeded maximum allowed payload size (${ending.bytes} bytes).`);
    else accept(response);
    conclude(ending);
  }

  async function initError(message: IncomingMessage, response: ServerResponse): Promise<void> {
    if (state !== 'Started') return refuseTransition(response, 'InitError');
    state = 'InitError';
    const body = await readBody(message, errorDocumentBytesMax);
    if (body === undefined || typeof body === 'number') return refuse(response, 413, 'RequestEntityTooLarge', `Exceeded maximum allowed payload size (${responseBytesMax} bytes).`);
    accept(response);
    init.resolve({ kind: 'init-error', payload: errorDocument(body, message) });
  }

  function refuseTransition(response: ServerResponse, target: State): void {
    refuse(
      response, 403, 'InvalidStateTransition',
      `State transition from ${state} to ${target} failed for runtime. Error: State transition is not allowed`,
    );
  }

  async function route(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (message.url ?? '').split('?')[0] ?? '';
    if (!path.startsWith(prefix)) return notFound(response);
    const rest = path.slice(prefix.length);
    if (rest === 'invocation/next') return message.method === 'GET' ? next(response) : wrongMethod(response);
    const [, requestId, kind] = /^invocation\/([^/]*)\/(response|error)$/.exec(rest) ?? [];
    if (message.method !== 'POST') return rest === 'init/error' || kind !== undefined ? wrongMethod(response) : notFound(response);
    if (rest === 'init/error') return initError(message, response);
    if (requestId !== undefined && (kind === 'response' || kind === 'error')) return answer(message, response, requestId, kind);
    notFound(response);
  }

  const http = createServer({ maxHeaderSize: runtimeApiHeaderBytesMax, requestTimeout: 0, keepAliveTimeout: 0 }, (message, response) => {
    response.on('error', () => undefined);
    if (answerOther?.(message, response) === true) return;
    route(message, response).catch(() => response.destroy());
  });
  const sockets = new Set<Socket>();
  server.maxConnections = runtimeApiConnectionsMax;
  server.on('error', () => undefined);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    http.emit('connection', socket);
  });

  return {
    init: init.promise,
    announcedExit: undefined,
    drained: Promise.resolve(),
    pause: () => undefined,
    resume: () => undefined,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    invoke(request) {
      return new Promise((resolve) => {
        current = { request, settle: resolve };
        // Several polls may wait; one gets the request, as one runtime process would.
        const [first] = waiting;
        if (!first) return;
        waiting.delete(first);
        sendInvocation(first, request);
      });
    },
  };
}

function sendInvocation(response: ServerResponse, request: InvocationRequest): void {
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/json',
    'Content-Length': request.event.length,
    'Lambda-Runtime-Aws-Request-Id': request.requestId,
    'Lambda-Runtime-Deadline-Ms': String(request.deadlineMs),
    'Lambda-Runtime-Invoked-Function-Arn': request.invokedFunctionArn,
  };
  if (request.traceId !== undefined) headers['Lambda-Runtime-Trace-Id'] = request.traceId;
  if (request.tenantId !== undefined) headers['Lambda-Runtime-Aws-Tenant-Id'] = request.tenantId;
  // A header is Latin-1: other characters travel as JSON escapes, which every parser undoes.
  if (request.clientContext !== undefined) headers['Lambda-Runtime-Client-Context'] = escapeNonAscii(request.clientContext);
  response.writeHead(200, headers);
  response.end(request.event);
}

function escapeNonAscii(json: string): string {
  return json.replaceAll(/[\r\n]/g, ' ').replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The body; its size alone when that is over `maximum`; undefined when the sender broke off. */
function readBody(message: IncomingMessage, maximum: number): Promise<Buffer | number | undefined> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    message.on('data', (part: Buffer) => {
      bytes += part.length;
      // What is over is counted, not kept, and only so far: a sender without end is cut off.
      if (bytes <= maximum) parts.push(part);
      else if (bytes > 8 * maximum) message.destroy();
    });
    message.once('end', () => resolve(bytes > maximum ? bytes : Buffer.concat(parts)));
    message.once('error', () => resolve(bytes > maximum ? bytes : undefined));
    message.once('close', () => resolve(bytes > maximum ? bytes : undefined));
  });
}

/** The runtime's own document; when it sent none, one made from the error-type header. */
function errorDocument(body: Buffer, message: IncomingMessage): Buffer {
  if (body.length > 0) return body;
  const header = message.headers['lambda-runtime-function-error-type'];
  return Buffer.from(JSON.stringify({ errorType: typeof header === 'string' ? header : 'Runtime.Unknown' }));
}

function accept(response: ServerResponse): void {
  reply(response, 202, { status: 'OK' });
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  reply(response, status, { errorMessage, errorType });
}

function reply(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': 19 });
  response.end('404 page not found\n');
}

function wrongMethod(response: ServerResponse): void {
  response.writeHead(405, { 'Content-Length': 0 });
  response.end();
}
