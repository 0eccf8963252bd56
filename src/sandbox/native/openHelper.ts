// The resident helper: what Node.js has no system calls for. It is started once, when the server is root, and is the only
// privileged part of the sandbox besides the server itself (helper.c tells more).
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../base/log.ts';
import { packageRoot } from '../../base/packageRoot.ts';
import { encodeRequest, ReplyReader } from './protocol.ts';
import type { Operation } from './protocol.ts';

/** Late changes to sandboxes that run. */
export interface Helper {
  /** False once it has ended; then nothing can be adopted any more. */
  readonly isAlive: boolean;
  /** Takes hold of a sandbox by any process inside. */
  adopt(pid: number): Promise<HeldSandbox>;
  /** Ends the helper, and with it every sandbox that is still held. */
  close(): void;
}

/** A sandbox that the helper can change, whatever becomes of its process ids. */
export interface HeldSandbox {
  /** Host paths without links, each optional: code at /var/task and layers at /opt, read-only; a copy of an image at /tmp. */
  place(paths: { readonly code?: string; readonly layers?: string; readonly image?: string }): Promise<void>;
  /** A server that listens on 127.0.0.1 of the sandbox's own network, and accepts here. */
  listen(port: number): Promise<Server>;
  /** Lets go. Once, after the processes are gone. False when the helper that held it has ended: then it may have ended them. */
  release(): Promise<boolean>;
}

export interface HelperOptions {
  /** An executable copy of the helper. */
  readonly path: string;
  /** Where the groups of the version-1 freezer are, to thaw them when the server is gone. */
  readonly freezerFolder: string | undefined;
  readonly log: Logger;
  /** Called when it has ended without being asked to. */
  readonly onLost?: () => void;
}

/** Descriptors of the child: see protocol.h. */
const requestFd = 3;

interface Waiting {
  readonly resolve: (value: number) => void;
  readonly reject: (error: Error) => void;
}

/** A program of ours for this machine, after a look that it is the one that was built; undefined when there is none. */
export async function findPrebuilt(name: 'haneul-helper' | 'haneul-clone', architecture: string): Promise<Buffer | undefined> {
  const folder = join(packageRoot, 'src', 'sandbox', 'native', 'prebuilt');
  try {
    const record = JSON.parse(await readFile(join(folder, name === 'haneul-helper' ? 'record.json' : 'clone.json'), 'utf8')) as Partial<Record<string, { readonly sha256: string }>>;
    const program = await readFile(join(folder, architecture, name));
    return createHash('sha256').update(program).update('\0').digest('hex') === record[architecture]?.sha256 ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Starts the helper. */
export function openHelper({ path, freezerFolder, log, onLost }: HelperOptions): Helper {
  const child = spawn(path, ['serve', freezerFolder ?? '-'], { cwd: '/', env: {}, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'] });
  const socket = (child.stdio as readonly unknown[])[requestFd] as Duplex & { ref(): void; unref(): void };
  const waiting = new Map<number, Waiting>();
  const servers = new Map<number, Waiting & { readonly take: (server: Server) => void }>();
  const reader = new ReplyReader();
  let lastId = 0;
  let isAlive = child.pid !== undefined;
  let isClosing = false;

  function lose(reason: string): void {
    if (!isAlive) return;
    isAlive = false;
    if (!isClosing) log.error('the sandbox helper ended; functions start the slow way without it', { reason: reason.trim().slice(0, 500) });
    for (const { reject } of [...waiting.values(), ...servers.values()]) reject(new Error('the sandbox helper has ended'));
    waiting.clear();
    servers.clear();
    keepAwake();
    if (!isClosing) onLost?.();
  }

  /** The helper keeps the process alive exactly while somebody waits for it. */
  function keepAwake(): void {
    const isAwaited = waiting.size + servers.size > 0;
    socket[isAwaited ? 'ref' : 'unref']();
    if (child.channel) child.channel[isAwaited ? 'ref' : 'unref']();
  }

  function ask(operation: Operation, numbers: readonly number[], paths?: readonly string[], id = nextId()): Promise<number> {
    return new Promise((resolve, reject) => {
      if (!isAlive) return reject(new Error('the sandbox helper has ended'));
      const request = encodeRequest(id, operation, numbers, paths);
      waiting.set(id, { resolve, reject });
      keepAwake();
      socket.write(request);
    });
  }

  function nextId(): number {
    lastId = lastId === 0xffff_ffff ? 1 : lastId + 1;
    return lastId;
  }

  function listen(slot: number, port: number): Promise<Server> {
    const id = nextId();
    return new Promise((resolve, reject) => {
      servers.set(id, { take: resolve, resolve: () => undefined, reject });
      ask('listen', [slot, port], undefined, id).catch((error: Error) => {
        servers.delete(id);
        keepAwake();
        reject(error);
      });
    });
  }

  watch(child, lose);
  socket.on('data', (chunk: Buffer) => {
    for (const { id, error, value } of reader.push(chunk)) {
      const waiter = waiting.get(id);
      waiting.delete(id);
      if (error === 0) waiter?.resolve(value);
      else waiter?.reject(new Error(`the sandbox helper failed: ${nameOf(error)}`));
    }
    keepAwake();
  });
  socket.on('error', (error) => lose(error.message));
  child.on('message', (id, handle) => {
    const waiter = servers.get(Number(id));
    servers.delete(Number(id));
    keepAwake();
    if (waiter) waiter.take(handle as Server);
    else (handle as Server | undefined)?.close();
  });
  child.unref();
  keepAwake();

  return {
    get isAlive() {
      return isAlive;
    },
    async adopt(pid) {
      const slot = await ask('adopt', [pid]);
      return {
        place: async ({ code = '', layers = '', image = '' }) => void (await ask('place', [slot], [code, layers, image])),
        listen: (port) => listen(slot, port),
        release: () => ask('release', [slot]).then(() => true, () => isAlive),
      };
    },
    close() {
      isClosing = true;
      socket.end();
      if (child.connected) child.disconnect();
    },
  };
}

function watch(child: ChildProcess, lose: (reason: string) => void): void {
  let complaint = '';
  const errors = child.stderr as (Duplex & { unref?: () => void }) | null;
  errors?.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString('latin1')).slice(-2000)));
  errors?.unref?.();
  child.once('error', (error) => lose(error.message));
  child.once('exit', (code, signal) => lose(complaint || `exit ${code ?? signal}`));
}

function nameOf(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `errno ${errno}`;
  }
}
