// Where a subscription's events go: a server that the extension runs inside the environment.
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { delay } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { telemetryAttemptMs, telemetryAttempts, telemetryRetryMs } from '../limits.ts';
import type { Subscription } from './subscriptions.ts';

export interface Destination {
  /** False when they could not be handed over. */
  send(items: readonly string[]): Promise<boolean>;
  close(): void;
}

export function openDestination(subscription: Subscription, connect: (port: number) => Promise<Socket>, wall: Clock): Destination {
  const closing = new AbortController();
  const way = subscription.protocol === 'HTTP' ? openHttp(subscription, connect) : openTcp(subscription, connect);
  /** One attempt; a server that takes a connection and says nothing is not waited for without end. */
  async function attempt(items: readonly string[]): Promise<boolean> {
    const limit = new AbortController();
    const cancel = wall.at(wall.now() + telemetryAttemptMs, () => limit.abort());
    try {
      return await way.send(items, AbortSignal.any([limit.signal, closing.signal]));
    } catch {
      return false;
    } finally {
      cancel();
    }
  }
  return {
    async send(items) {
      for (let tries = 0; tries < telemetryAttempts && !closing.signal.aborted; tries += 1) {
        if (await attempt(items)) return true;
        // Its server may not listen yet.
        await delay(wall, telemetryRetryMs, closing.signal).catch(() => undefined);
      }
      return false;
    },
    close() {
      closing.abort();
      way.close();
    },
  };
}

interface Way {
  send(items: readonly string[], signal: AbortSignal): Promise<boolean>;
  close(): void;
}

function openHttp({ port, path }: Subscription, connect: (port: number) => Promise<Socket>): Way {
  const agent = Object.assign(new Agent({ keepAlive: true, maxSockets: 1 }), {
    // The socket is made inside the environment's network, which takes a moment.
    createConnection: (_options: unknown, done: (error: Error | null, socket?: Socket) => void): void =>
      void connect(port).then((socket) => done(null, socket), (error: unknown) => done(error instanceof Error ? error : new Error(String(error)))),
  });
  return {
    send: (items, signal) =>
      new Promise((resolve, reject) => {
        const body = `[${items.join(',')}]`;
        const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
        const sending = request({ agent, method: 'POST', host: 'sandbox.localdomain', port, path, headers, signal }, (response) => {
          response.resume();
          response.once('error', reject);
          response.once('end', () => resolve((response.statusCode ?? 500) < 300));
        });
        sending.once('error', reject);
        sending.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function openTcp({ port }: Subscription, connect: (port: number) => Promise<Socket>): Way {
  let socket: Promise<Socket> | undefined;
  return {
    async send(items, signal) {
      socket ??= connect(port).then((made) => {
        made.on('error', () => undefined);
        made.once('close', () => (socket = undefined));
        made.resume();
        return made;
      });
      const line = items.map((item) => `${item}\n`).join('');
      try {
        const open = await socket;
        return await new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(false), { once: true });
          open.write(line, (error) => resolve(!error));
        });
      } catch (error) {
        socket = undefined;
        throw error;
      }
    },
    close: () => void socket?.then((open) => open.destroy(), () => undefined),
  };
}
