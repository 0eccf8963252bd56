// Extensions receive telemetry at a port of their own network, which Node.js cannot enter: a short-lived process enters, connects and passes
// the socket back (see listenInNamespace.ts for the other direction).
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../base/packageRoot.ts';
import type { NamespaceOptions } from './listenInNamespace.ts';

/** Connects to 127.0.0.1:<port> inside the network namespace of a process. */
export function connectInNamespace({ nsenter, pid, ownUserNamespace }: Omit<NamespaceOptions, 'ports'>, port: number): Promise<Socket> {
  const program = join(packageRoot, 'src', 'sandbox', 'bootstraps', 'listener', 'connect.cjs');
  const enter = ownUserNamespace ? ['--user', '--preserve-credentials'] : [];
  const child = spawn(nsenter, ['--target', String(pid), ...enter, '--net', '--', process.execPath, program, String(port)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {},
    cwd: '/',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (_text, handle) => {
      resolve(handle as Socket);
      child.disconnect();
    });
    child.once('exit', () => reject(new Error('nothing listens at that port of the function')));
  });
}
