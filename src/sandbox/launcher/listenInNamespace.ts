// A function finds its AWS endpoint, and a custom runtime its API, at 127.0.0.1 of its own network. Node.js cannot enter one, but a
// listening socket belongs to the namespace that made it and can be handed over: a short-lived process enters, listens, passes
// the socket back and ends. Connections are then accepted right here: no forwarder runs, so there is none to kill or replace.
import { spawn } from 'node:child_process';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../base/packageRoot.ts';

export interface NamespaceOptions {
  readonly nsenter: string;
  /** Any process inside. */
  readonly pid: number;
  /** True when the namespace belongs to a user namespace of ours, which has to be entered first. */
  readonly ownUserNamespace: boolean;
  readonly ports: readonly number[];
}

/** Listens on 127.0.0.1 inside the network namespace of a process; answers one server a port, in their order. */
export function listenInNamespace({ nsenter, pid, ownUserNamespace, ports }: NamespaceOptions): Promise<Server[]> {
  const program = join(packageRoot, 'src', 'sandbox', 'bootstraps', 'listener', 'listen.cjs');
  const enter = ownUserNamespace ? ['--user', '--preserve-credentials'] : [];
  const child = spawn(nsenter, ['--target', String(pid), ...enter, '--net', '--', process.execPath, program, ...ports.map(String)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {},
    cwd: '/',
  });
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(0, 2000)));
    child.once('error', reject);
    const servers = new Map<unknown, Server>();
    child.on('message', (port, handle) => {
      servers.set(port, handle as Server);
      if (servers.size < ports.length) return;
      resolve(ports.flatMap((wanted) => servers.get(wanted) ?? []));
      // Only now may it end: its exit could overtake the message.
      child.disconnect();
    });
    child.once('exit', () => {
      if (servers.size === ports.length) return;
      for (const server of servers.values()) server.close();
      reject(new Error(`nothing could listen in the function's network: ${complaint.trim()}`));
    });
  });
}
