import type { Logger } from '../../base/log.ts';
import { endpointConnectionsMax } from '../limits.ts';
import type { FunctionEndpoint } from '../types.ts';
import { acceptConnections } from './innerListener.ts';
import type { InnerListener } from './innerListener.ts';

export interface Endpoint {
  /** Resolves when connections are taken: before that no code of the function may run. Never rejects. */
  ready(): Promise<void>;
  /** Cuts every connection. */
  close(): void;
}

/** Serves what an environment was promised at `127.0.0.1:<port>` of its own network. */
export function openEndpoint(endpoint: FunctionEndpoint, listener: InnerListener, options: { readonly log: Logger; readonly onFailure: () => void }): Endpoint {
  let cut: (() => void) | undefined;
  let isClosed = false;
  return {
    async ready() {
      try {
        const server = await listener.open();
        cut = acceptConnections(server, endpointConnectionsMax, endpoint.onConnection);
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
