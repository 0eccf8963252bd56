import type { ServerOptions } from '../server/options.ts';
import type { RunningServer } from '../server/startServer.ts';

/** Starts the server in this process. Loaded only here, so that every other command answers at once. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = await import('../server/startServer.ts');
  return await server.startServer(options);
}
