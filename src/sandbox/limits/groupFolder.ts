// What cgroup versions 1 and 2 have in common: a group is a folder, its members are a file in it.
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
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
  await killMembers(folder);
  await removeGroup(folder, wall);
}

/** SIGKILL to every process of a group. */
export async function killMembers(folder: string): Promise<void> {
  for (const line of (await readFile(join(folder, 'cgroup.procs'), 'latin1').catch(() => '')).split('\n')) {
    const pid = Number(line);
    if (!Number.isInteger(pid) || pid <= 1) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
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

/**
 * A file of a few bytes that the kernel makes while it is read. Read at once: it never waits for a disk, and the four trips to
 * another thread that the asynchronous form takes cost more than everything else that one invocation does.
 */
export function readKernelFile(file: string): string {
  return readFileSync(file, 'utf8');
}

const textBytesMax = 64;
const textBuffer = Buffer.allocUnsafeSlow(textBytesMax);

/** Such a file that is used for every invocation: opened once, when it is first needed. */
export class KernelFile {
  readonly #path: string;
  readonly #flags: 'r' | 'w';
  #fd: number | undefined;
  #isClosed = false;

  constructor(path: string, flags: 'r' | 'w') {
    this.#path = path;
    this.#flags = flags;
  }

  /** The number in it; NaN when there is none. */
  readNumber(): number {
    const count = readSync(this.#open(), textBuffer, 0, textBytesMax, 0);
    return Number.parseInt(textBuffer.toString('latin1', 0, count), 10);
  }

  write(text: string): void {
    writeSync(this.#open(), text, 0, 'latin1');
  }

  close(): void {
    this.#isClosed = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    // Its descriptor may be somebody else's by now.
    if (this.#isClosed) throw new Error('a file of a group that was removed');
    this.#fd ??= openSync(this.#path, this.#flags);
    return this.#fd;
  }
}
