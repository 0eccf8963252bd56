// A custom runtime finds its API at 127.0.0.1:9001 of its own network namespace. Node.js cannot enter a namespace, but a
// listening socket belongs to the namespace that made it and can be handed over: a short-lived process enters, listens, passes
// the socket back and ends. Connections are then accepted right here: no forwarder runs, so there is none to kill or replace.
import { spawn } from 'node:child_process';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../base/packageRoot.ts';

/** Lambda's own; the guide's "Runtime API" examples show it in AWS_LAMBDA_RUNTIME_API. */
export const runtimeApiPort = 9001;
export const runtimeApiAddress = `127.0.0.1:${runtimeApiPort}`;

export interface NamespaceOptions {
  readonly nsenter: string;
  /** Any process inside. */
  readonly pid: number;
  /** True when the namespace belongs to a user namespace of ours, which has to be entered first. */
  readonly ownUserNamespace: boolean;
}

/** Listens on 127.0.0.1:9001 inside the network namespace of a process. */
export function listenInNamespace({ nsenter, pid, ownUserNamespace }: NamespaceOptions): Promise<Server> {
  const program = join(packageRoot, 'src', 'sandbox', 'bootstraps', 'listener', 'listen.cjs');
  const enter = ownUserNamespace ? ['--user', '--preserve-credentials'] : [];
  const child = spawn(nsenter, ['--target', String(pid), ...enter, '--net', '--', process.execPath, program, String(runtimeApiPort)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {},
    cwd: '/',
  });
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(0, 2000)));
    child.once('error', reject);
    child.once('message', (_message, handle) => {
      resolve(handle as Server);
      // Only now may it end: its exit could overtake the message.
      child.disconnect();
    });
    child.once('exit', () => reject(new Error(`the Runtime API could not listen: ${complaint.trim()}`)));
  });
}
