import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../src/base/packageRoot.ts';
import type { Haneul, HaneulOptions } from '../../src/server/startHaneul.ts';

export type TestServer = Haneul;
export type TestServerOptions = HaneulOptions;

// The joined program, as it is shipped: it loads in a quarter of the time that its single modules take.
const program = pathToFileURL(join(packageRoot, 'dist/program/startHaneul.js')).href;
const { startHaneul } = (await import(program)) as typeof import('../../src/server/startHaneul.ts');

/**
 * The whole program inside this process, on a free port, in memory unless told otherwise: what `import { startHaneul } from 'haneul'`
 * gives. It fetches nothing for functions, so that no test waits for a registry; and it fails
 * a request whose handler asks for a permission that AWS does not know.
 */
export function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  return startHaneul({ port: 0, offline: true, vetAccess: true, ...options });
}
