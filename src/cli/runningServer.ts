import type { ServerOptions } from '../server/options.ts';

// TEMPORARY until server/startServer.ts lands: the part of it that the command line needs.
export interface RunningServer {
  readonly endpoint: string;
  readonly dataFolder: string | undefined;
  readonly guarantees: readonly { readonly name: string; readonly on: boolean; readonly remedy?: string }[];
  readonly interpreters: readonly { readonly family: string; readonly version: string; readonly path: string }[];
  readonly stopped: Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server in this process. Loaded only here, so that every other command answers at once. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const module = (await import(new URL('../server/startServer.js', import.meta.url).href)) as { startServer(options: ServerOptions): Promise<RunningServer> };
  return await module.startServer(options);
}
