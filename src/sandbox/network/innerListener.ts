// A socket that listens inside an environment's own network, from the moment somebody wants it until the environment is gone. An
// open one would keep the whole network namespace alive, so whoever made it closes it, also when it arrives after the end.
import type { Server, Socket } from 'node:net';

export interface InnerListener {
  /** The same server for everybody who asks. Not before the environment's namespaces are complete. */
  open(): Promise<Server>;
  close(): void;
}

/** Remembers one listening socket; `listen` is called at most once. */
export function createInnerListener(listen: () => Promise<Server>): InnerListener {
  let opening: Promise<Server> | undefined;
  const open = (): Promise<Server> => {
    opening ??= listen();
    return opening;
  };
  return {
    open,
    close() {
      void opening?.then((server) => server.close(), () => undefined);
    },
  };
}

/** Hands every connection on, at most `connectionsMax` at once, and answers what cuts them all. */
export function acceptConnections(server: Server, connectionsMax: number, onConnection: (socket: Socket) => void): () => void {
  const sockets = new Set<Socket>();
  server.maxConnections = connectionsMax;
  server.on('error', () => undefined);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  return () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
}
