// Functions reach the API through listeners of their own (src/sandbox/network), so that no request of theirs can be mistaken for
// one of the administrator: it carries where it came from, from its first byte.

import type { Socket } from 'node:net';
import type { FunctionGate, FunctionVisitor } from '../ports/functionGate.ts';
import { runtimeApiPort, secretsExtensionPort } from '../sandbox/limits.ts';
import type { WireResponse } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';
import { BodyBudget } from './body.ts';
import { functionBodyBytesInFlightMax } from './limits.ts';
import { createHttpServer } from './listen.ts';
import { defaultOptions } from './options.ts';

export interface GateServer {
  /** The port of the server's own listener. */
  readonly port: number;
  readonly respond: (arrival: Arrival, via: FunctionVisitor) => Promise<WireResponse>;
  readonly onBug: (error: unknown) => void;
}

export interface ServerGate extends FunctionGate {
  /** Until the server listens, connections are refused. */
  open(server: GateServer): void;
}

/** One per server. `budget` is what all bodies together may take; each environment gets a part of it. */
export function createFunctionGate(budget: BodyBudget): ServerGate {
  let server: GateServer | undefined;
  return {
    port() {
      const port = server?.port ?? defaultOptions.port;
      // What Lambda itself has inside an environment comes first.
      return port === runtimeApiPort || port === secretsExtensionPort ? defaultOptions.port : port;
    },
    admit(visitor) {
      const own = new BodyBudget(functionBodyBytesInFlightMax, budget);
      const http = createHttpServer(
        async (arrival) => {
          if (!server) throw new Error('a function called before the server listened');
          return await server.respond(arrival, visitor);
        },
        (error) => server?.onBug(error),
        own,
      );
      return (socket: Socket) => void http.emit('connection', socket);
    },
    open(ready) {
      server = ready;
    },
  };
}
