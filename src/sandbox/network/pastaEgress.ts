// Without root: pasta (https://passt.top) makes an interface in the network of an environment and turns what goes through it into
// connections of the server's own user. It cannot tell networks apart: whatever this user reaches in the network, functions do; of this
// host's addresses it takes the first one into the environment, where nobody listens, and loopback stays the environment's own.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Logger } from '../../base/log.ts';
import type { Way } from './egress.ts';
import { pastaStartMs } from './limits.ts';

export interface PastaEgressOptions {
  readonly pasta: string;
  readonly log: Logger;
}

/** One process an environment. Answers the way, or the command that would make one. */
export async function openPastaEgress({ pasta, log }: PastaEgressOptions): Promise<Way | string> {
  const running = new Set<ChildProcess>();

  async function connect(pid: number): Promise<() => Promise<void>> {
    // pasta itself cannot be told to end with its parent; a shell ends it when it reads the end of its input, however the server ended.
    // (It opens its output by name, which a pipe can be and Node's socket cannot.)
    const child = spawn('/bin/sh', ['-c', '{ "$@" & pid=$!; exec >&- 2>&-; read -r _; kill -9 $pid; } | cat', 'sh', pasta, ...pastaArguments(pid)], { stdio: ['pipe', 'pipe', 'pipe'], env: {}, cwd: '/' });
    running.add(child);
    child.once('close', () => running.delete(child));
    const end = async (): Promise<void> => {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await new Promise<void>((resolve) => child.once('close', () => resolve()));
    };
    try {
      await waitUntilReady(child);
    } catch (error) {
      void end();
      throw error;
    }
    return end;
  }

  return {
    isNarrow: false,
    hostAddress: undefined,
    connect: (pid) =>
      connect(pid).catch((error: unknown) => {
        log.warn('a function could not be given the internet', { error: error instanceof Error ? error.message : String(error) });
        return async () => undefined;
      }),
    async close() {
      for (const child of running) child.stdin?.end();
    },
  };
}

/** Version 4 only, no port of either side forwarded to the other, and the gateway not a name for this host's loopback. */
export function pastaArguments(pid: number): string[] {
  const closed = ['-t', '-u', '-T', '-U'].flatMap((option) => [option, 'none']);
  // Its pid is what it writes when all is set up.
  return ['--foreground', '--quiet', '--ipv4-only', '--config-net', '--ns-ifname', 'eth0', '--no-map-gw', ...closed, '--pid', '/dev/stdout', String(pid)];
}

function waitUntilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    const fail = (): void => {
      const words = complaint.trim().split('\n').filter((line) => !line.includes('syslog')).at(-1);
      reject(new Error(`pasta: ${words?.slice(0, 200) || 'it did not start'}`));
    };
    const limit = AbortSignal.timeout(pastaStartMs);
    limit.addEventListener('abort', fail, { once: true });
    const settle = (): void => limit.removeEventListener('abort', fail);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2_000)));
    child.stdout?.once('data', () => {
      settle();
      resolve();
    });
    // Also when pasta alone ends: the shell does not have this descriptor.
    child.stdout?.once('end', () => {
      settle();
      fail();
    });
    child.once('error', (error) => {
      settle();
      reject(error);
    });
  });
}
