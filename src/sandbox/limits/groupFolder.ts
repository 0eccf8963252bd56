// What cgroup versions 1 and 2 have in common: a group is a folder, its members are a file in it.
import { closeSync, openSync, readSync } from 'node:fs';
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { delay } from '../../base/clock.ts';
import { systemErrorCode } from '../../base/errors.ts';
import { keepAlive } from '../keepAlive.ts';
import { groupRemovalMs } from '../limits.ts';

/** Removes a group; its last members may need a moment to be gone. */
export async function removeGroup(folder: string, wall: Clock): Promise<void> {
  const giveUpAtMs = wall.now() + groupRemovalMs;
  const release = keepAlive();
  try {
    while (!(await tryRemove(folder, wall.now() > giveUpAtMs))) await delay(wall, 10);
  } finally {
    release();
  }
}

async function tryRemove(folder: string, isLast: boolean): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return true;
    if (code !== 'EBUSY' || isLast) throw error;
    return false;
  }
}

/** Kills the members of a leftover group and removes it. */
export async function reapGroup(folder: string, wall: Clock): Promise<void> {
  for (const line of (await readFile(join(folder, 'cgroup.procs'), 'latin1').catch(() => '')).split('\n')) {
    const pid = Number(line);
    if (!Number.isInteger(pid) || pid <= 1) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  await removeGroup(folder, wall);
}

/** The groups directly below `folder`; none when it does not exist. */
export async function listGroups(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}

/** The value of `key` in a file of `key value` lines; 0 when it is not there. */
export async function readCounter(file: string, key: string): Promise<number> {
  const text = await readFile(file, 'latin1').catch(() => '');
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${key} `));
  return line === undefined ? 0 : Number(line.slice(key.length + 1));
}

/** A number that the kernel keeps in a file of a group. */
export interface CounterFile {
  read(): number;
  close(): void;
}

/**
 * The first of these files that the kernel has, opened when it is first asked for and then kept open: for a figure that every
 * invocation asks for, opening it each time costs ten times as much, and the asynchronous way a hundred times. Reading it never
 * waits for a disk.
 */
export function openCounterFile(...files: readonly string[]): CounterFile {
  const bytes = Buffer.alloc(32);
  let fd: number | undefined;
  let closed = false;
  return {
    read() {
      if (closed) throw new Error('the group is removed');
      fd ??= openFirst(files);
      return Number(bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0)));
    },
    close() {
      closed = true;
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function openFirst([file = '', ...rest]: readonly string[]): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if (rest.length === 0) throw error;
    return openFirst(rest);
  }
}
