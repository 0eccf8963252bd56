import type { Server } from 'node:net';
import type { Logger } from '../../base/log.ts';
import { endpointConnectionsMax } from '../limits.ts';
import type { FunctionEndpoint } from '../types.ts';
import { acceptConnections } from './innerListener.ts';

export interface Endpoint {
  /** Resolves when connections are taken: before that no code of the function may run. Never rejects. */
  ready(): Promise<void>;
  /** Cuts every connection. */
  close(): void;
}

/** Serves what an environment was promised at ports of 127.0.0.1 in its own network. */
export function openEndpoint(
  endpoint: FunctionEndpoint,
  listen: () => Promise<readonly Server[]>,
  options: { readonly log: Logger; readonly onFailure: () => void },
): Endpoint {
  let cut: (() => void) | undefined;
  let isClosed = false;
  return {
    async ready() {
      try {
        const servers = await listen();
        if (servers.length === 0) throw new Error('nothing listens');
        const cuts = servers.map((server) => acceptConnections(server, endpointConnectionsMax, endpoint.onConnection));
        cut = () => cuts.forEach((each) => each());
        if (isClosed) cut();
      } catch (error) {
        if (isClosed) return;
        options.log.error('a function could not be given its endpoint', { error: String(error) });
        options.onFailure();
      }
    },
    close() {
      isClosed = true;
      cut?.();
    },
  };
}
