import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../src/base/packageRoot.ts';

export interface TestServer {
  readonly endpoint: string;
  readonly clock: { advance(deltaMs: number): Promise<unknown> | void };
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestServerOptions {
  readonly dataFolder?: string;
  readonly port?: number;
  readonly auth?: 'local' | 'strict';
  readonly iam?: 'enforce' | 'audit' | 'off';
}

/** The whole program inside this process, on a free port, in memory unless told otherwise: as `import { startHaneul } from 'haneul'`. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { startHaneul } = (await import(pathToFileURL(join(packageRoot, 'dist/src/server/startHaneul.js')).href)) as {
    startHaneul(options: TestServerOptions): Promise<TestServer>;
  };
  return startHaneul({ port: 0, ...options });
}
