// The process that becomes bubblewrap: how it is started, fed, watched and understood.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import type { Duplex } from 'node:stream';
import { processesMax } from '../limits.ts';
import { fds } from './bubblewrapArguments.ts';
import type { PipePair } from './pipes.ts';
import { quoteForShell } from './tools.ts';

export interface StartParts {
  readonly bwrap: string;
  readonly unshare: string | undefined;
  readonly joinFiles: readonly string[];
  readonly pair: PipePair;
  /** Shell text that mounts /tmp. */
  readonly script: string | undefined;
  readonly command: readonly string[];
}

/** Starts a shell that joins the limits and becomes bubblewrap. */
export function startProcess({ bwrap, unshare, joinFiles, pair, script, command }: StartParts): ChildProcess {
  // The shell joins the limits first, then everything that follows is under them. The first join costs the kernel a grace period
  // of some 10 ms, those that follow it nothing.
  const joins = joinFiles.map((file) => `echo $$ > ${quoteForShell(file)}`);
  const start = `exec ${quoteForShell(bwrap)} --args ${fds.args} -- ${command.map(quoteForShell).join(' ')}`;
  const text = ['set -e', ...joins, ...(script === undefined ? [] : [script]), start].join('\n');
  const shell = ['/bin/sh', '-c', text];
  const [program = '', ...args] = script === undefined || unshare === undefined ? shell : [unshare, '--mount', '--propagation', 'private', '--', ...shell];
  try {
    return spawn(program, args, {
      cwd: '/',
      env: {},
      stdio: ['ignore', pair.stdout.writeFd, pair.stderr.writeFd, ...Object.values(fds).map(() => 'pipe' as const)],
    });
  } finally {
    closeSync(pair.stdout.writeFd);
    closeSync(pair.stderr.writeFd);
  }
}

/** Hands bubblewrap its arguments and filter over descriptors: on a command line the function could read them in /proc/1. */
export function feed(child: ChildProcess, args: readonly string[], filter: Buffer | undefined): Promise<number | undefined> {
  for (const fd of Object.values(fds)) streamOf(child, fd)?.on('error', () => undefined);
  streamOf(child, fds.args)?.end(`${args.join('\0')}\0`);
  streamOf(child, fds.seccomp)?.end(filter ?? Buffer.alloc(0));
  let text = '';
  return new Promise((resolve) => {
    streamOf(child, fds.info)?.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const match = /"child-pid": (\d+)/.exec(text);
      if (match) resolve(Number(match[1]));
    });
    streamOf(child, fds.info)?.once('close', () => resolve(undefined));
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
  });
}

/** One of the extra descriptors of a child. */
export function streamOf(child: ChildProcess, fd: number): Duplex | undefined {
  const streams = child.stdio as readonly (Duplex | null | undefined)[];
  return streams[fd] ?? undefined;
}

/** Resolves when the first bytes arrive; rejects when the other side ends before. */
export function firstBytes(stream: Duplex | undefined, complaint: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error(complaint));
    if (!stream) return fail();
    stream.once('data', () => resolve());
    stream.once('close', fail);
  });
}

/** bubblewrap passes on an exit code, and a signal as 128 and its number. */
export function readBubblewrapExit(code: number | null, signal: NodeJS.Signals | null) {
  if (signal !== null) return { code: undefined, signal };
  if (code === null) return { code: undefined, signal: undefined };
  const name = Object.entries(osConstants.signals).find(([, number]) => number === code - 128)?.[0];
  return name === undefined ? { code, signal: undefined } : { code: undefined, signal: name };
}

/** A process and all its descendants. Orphans inside a pid namespace stay below its first process, so nothing gets away. */
export function listTree(root: number, maximum = 4 * processesMax): number[] {
  const found = [root];
  for (let index = 0; index < found.length && found.length < maximum; index += 1) {
    try {
      const pid = found[index];
      found.push(...readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number));
    } catch {
      // It ended between two looks.
    }
  }
  return found;
}
