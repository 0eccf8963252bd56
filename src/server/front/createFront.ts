import type { Server, Socket } from 'node:net';
import type { WireResponse } from '../../wire/types.ts';
import type { Arrival } from '../arrival.ts';
import type { BodyBudget } from '../body.ts';
import type { Certificates } from '../tls/authority.ts';
import { FastConnection } from './fastConnection.ts';
import { sweepEveryMs } from './limits.ts';
import { createSecureFront, tlsHandshake } from './secureFront.ts';
import { ResponseWriter } from './responseWriter.ts';

export interface FrontOptions {
  readonly respond: (arrival: Arrival) => Promise<WireResponse>;
  readonly onBug: (error: unknown) => void;
  readonly budget: BodyBudget;
  readonly certificates: Certificates;
}

export interface Front {
  /** Answers nothing new; a connection ends with the request that it is serving. */
  stop(): void;
  /** Cuts every connection of the fast path. */
  cut(): void;
}

/**
 * Puts the fast path before an HTTP server: every connection starts on it, and what it does not serve reaches the server as if
 * nothing had happened. The server keeps the port, the count of connections, and its timeouts.
 */
export function createFront(server: Server, { respond, onBug, budget, certificates }: FrontOptions): Front {
  const connections = new Set<FastConnection>();
  const serveHttp = server.listeners('connection');
  server.removeAllListeners('connection');
  const writer = new ResponseWriter();
  const deps = {
    respond,
    onBug,
    budget,
    writer,
    handOver(socket: Socket, firstByte: number | undefined): void {
      // TLS takes what is in a paused socket first, and then reads below it.
      if (firstByte === tlsHandshake && !('encrypted' in socket)) return secure.accept(socket);
      for (const listener of serveHttp) Reflect.apply(listener, server, [socket]);
      socket.resume();
    },
    onLeave: (connection: FastConnection) => void connections.delete(connection),
  };
  const serve = (socket: Socket): void => void connections.add(new FastConnection(socket, deps));
  // The same port speaks TLS: a connection that begins with a handshake starts anew inside it.
  const secure = createSecureFront(certificates, serve);
  server.on('connection', serve);
  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const connection of connections) connection.sweep(nowMs);
  }, sweepEveryMs).unref();
  return {
    stop() {
      for (const connection of connections) connection.stop();
    },
    cut() {
      clearInterval(timer);
      for (const connection of connections) connection.socket.destroy();
      secure.cut();
    },
  };
}
