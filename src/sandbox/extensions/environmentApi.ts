// The Extensions, Telemetry and Logs APIs of one environment, beside its Runtime API: what extensions of every runtime find at
// AWS_LAMBDA_RUNTIME_API.
import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { credentialsPath, runtimeApiConnectionsMax, runtimeApiHeaderBytesMax } from '../limits.ts';
import { acceptConnections } from '../network/innerListener.ts';
import type { EnvironmentCredentials, InvocationRequest, OutputChunk } from '../types.ts';
import { parseExtensionLine } from './launch.ts';
import { createRegistry } from './registry.ts';
import { headerOf, refuse, replyJson } from './replies.ts';
import { createTelemetry } from './telemetry.ts';
import type { ExtensionFailure, FunctionFacts, ShutdownReason, TelemetryEvent } from './types.ts';

export interface EnvironmentApiOptions {
  readonly facts: FunctionFacts;
  /** Names of the programs that were started beside the runtime, and what marks their lines. */
  readonly external: readonly string[];
  readonly mark: string;
  readonly jsonRecords: boolean;
  readonly wall: Clock;
  readonly random: Random;
  readonly credentials?: EnvironmentCredentials | undefined;
  readonly connect: (port: number) => Promise<Socket>;
  /** Output that is a log event; a line of the platform's own is told by `isPlatform`. */
  readonly onOutput: (chunk: OutputChunk) => void;
  readonly onEvent: (event: ExtensionEvent) => void;
}

/** For the function's log: an extension is ready, has failed, or subscribes to something. */
export interface ExtensionEvent {
  readonly kind: 'extension' | 'telemetry' | 'logs';
  readonly name: string;
  readonly state: string;
  /** Its events, or the types that it subscribes to. */
  readonly about: readonly string[];
  readonly errorType?: string;
}

export interface EnvironmentApi {
  readonly failed: Promise<ExtensionFailure>;
  /** Whether anything has to be waited for, before and after an invocation. */
  readonly isUsed: boolean;
  readonly hasExternal: boolean;
  /** Answers a request unless it is for the Runtime API. */
  answer(message: IncomingMessage, response: ServerResponse): boolean;
  /** Serves these APIs where there is no Runtime API. */
  serve(server: Server): void;
  registered(): Promise<void>;
  /** The runtime is ready: extensions are waited for, and no more can come. */
  ready(): Promise<void>;
  idle(): Promise<void>;
  invoke(request: InvocationRequest): void;
  /** Resolves when extensions are done with an invocation and have got what they want to know of it. */
  settled(): Promise<void>;
  shutdown(reason: ShutdownReason, deadlineMs: number): Promise<void>;
  /** One log event of the environment's output. */
  output(chunk: OutputChunk): void;
  tell(make: () => TelemetryEvent): void;
  close(): void;
}

const prefixes = { extension: '/2020-01-01/extension/', telemetry: '/2022-07-01/telemetry', logs: '/2020-08-15/logs' } as const;

export function createEnvironmentApi(options: EnvironmentApiOptions): EnvironmentApi {
  const { facts, external, mark, wall, random, connect, onEvent, onOutput } = options;
  const telemetry = createTelemetry({ wall, connect, onSubscribed: ({ name, api, types }) => onEvent({ kind: api, name, state: 'Subscribed', about: types }) });
  const registry = createRegistry({
    facts, external, random,
    onState({ name, state, events, errorType }) {
      const record = { name, state, events, ...(errorType === undefined ? {} : { errorType }) };
      telemetry.tell('platform', { type: 'platform.extension', atMs: wall.now(), record });
      onEvent({ kind: 'extension', name, state, about: events, ...(errorType === undefined ? {} : { errorType }) });
    },
  });
  let cut = (): void => undefined;

  function answer(message: IncomingMessage, response: ServerResponse): boolean {
    const path = (message.url ?? '').split('?')[0] ?? '';
    if (path.startsWith(prefixes.extension)) {
      registry.answer(message, response, path.slice(prefixes.extension.length));
      return true;
    }
    if (path === credentialsPath && options.credentials !== undefined) {
      answerCredentials(options.credentials, message, response);
      return true;
    }
    const api = path.replace(/\/$/, '') === prefixes.telemetry ? 'telemetry' : path.replace(/\/$/, '') === prefixes.logs ? 'logs' : undefined;
    if (api === undefined) return false;
    if (message.method !== 'PUT') response.writeHead(405, { 'Content-Length': 0 }).end();
    else {
      const name = registry.identify(message, response);
      if (name !== undefined) telemetry.subscribe(api, name, message, response);
    }
    return true;
  }

  /** A function that logs JSON has its records told as such. */
  function recordOf(text: string): unknown {
    const line = text.replace(/\n$/, '');
    if (!options.jsonRecords || !line.startsWith('{')) return line;
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return line;
    }
  }

  return {
    failed: registry.failed,
    get isUsed() {
      return registry.count > 0;
    },
    hasExternal: registry.hasExternal,
    answer,
    serve(server) {
      let http: HttpServer | undefined;
      cut = acceptConnections(server, runtimeApiConnectionsMax, (socket) => {
        // Most functions never ask.
        http ??= createServer({ maxHeaderSize: runtimeApiHeaderBytesMax, requestTimeout: 0, keepAliveTimeout: 0 }, (message, response) => {
          response.on('error', () => undefined);
          if (!answer(message, response)) refuse(response, 404, 'NotFound', 'There is no such path.');
        });
        http.emit('connection', socket);
      });
    },
    registered: () => registry.registered(),
    async ready() {
      registry.closeRegistration();
      await registry.idle();
      telemetry.closeSubscriptions();
    },
    idle: () => registry.idle(),
    invoke: (request) => registry.invoke(request),
    async settled() {
      await registry.idle();
      if (!telemetry.hasSubscribers) return;
      // What is told of the invocation is told in this turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      await telemetry.flush();
    },
    async shutdown(reason, deadlineMs) {
      void telemetry.flush();
      await registry.shutdown(reason, deadlineMs);
    },
    output(chunk) {
      const line = external.length === 0 ? undefined : parseExtensionLine(chunk.text, mark);
      if (line?.kind === 'ended') return registry.exited(line.name, line.status);
      const text = line?.text ?? chunk.text;
      if (telemetry.isWanted) telemetry.tell(line === undefined ? 'function' : 'extension', { type: line === undefined ? 'function' : 'extension', atMs: chunk.timestampMs, record: recordOf(text) });
      onOutput({ timestampMs: chunk.timestampMs, text });
    },
    tell(make) {
      if (telemetry.isWanted) telemetry.tell('platform', make());
    },
    close() {
      telemetry.close();
      cut();
    },
  };
}

/** The container credential provider of the SDKs: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
function answerCredentials(credentials: EnvironmentCredentials, message: IncomingMessage, response: ServerResponse): void {
  const { token, accessKeyId, secretAccessKey, sessionToken, expiresAtMs } = credentials;
  if (message.method !== 'GET' || headerOf(message, 'authorization') !== token) return refuse(response, 403, 'AccessDenied', 'The token is not the one of this environment.');
  replyJson(response, 200, { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration: new Date(expiresAtMs).toISOString().replace(/\.\d+Z$/, 'Z') });
}
