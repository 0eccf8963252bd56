import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const batchSize = 8;

export interface PipePair {
  readonly stdout: Pipe;
  readonly stderr: Pipe;
  /** Hands the two names back for the next environment; only when every writer is gone. */
  release(): void;
}

export interface Pipe {
  readonly readFd: number;
  readonly writeFd: number;
}

/**
 * Real pipes for descriptors 1 and 2. Node.js gives a child sockets, and a socket cannot be opened again through /dev/stderr,
 * which shell runtimes do all the time (`echo … > /dev/stderr`). Named pipes made in batches and reused are the way to a pipe.
 */
export class PipeStock {
  readonly #folder: string;
  readonly #mkfifo: string;
  readonly #free: string[] = [];
  #made = 0;

  constructor(folder: string, mkfifo: string) {
    this.#folder = folder;
    this.#mkfifo = mkfifo;
  }

  async take(): Promise<PipePair> {
    while (this.#free.length < 2) await this.#make();
    const names = [this.#free.pop() ?? '', this.#free.pop() ?? ''] as const;
    const release = (): void => void this.#free.push(...names);
    const stdout = openPipe(names[0]);
    try {
      return { stdout, stderr: openPipe(names[1]), release };
    } catch (error) {
      closePipe(stdout);
      release();
      throw error;
    }
  }

  async #make(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const names = Array.from({ length: batchSize }, () => join(this.#folder, String((this.#made += 1))));
    // Others may write: a function under its own user opens /dev/stderr, which is this very file. It cannot reach the name.
    const child = spawn(this.#mkfifo, ['-m', '0622', ...names], { stdio: 'ignore', env: {} });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (code !== 0) throw new Error('mkfifo failed');
    this.#free.push(...names);
  }
}

function openPipe(name: string): Pipe {
  // The reading end first and without blocking: then the writing end opens at once.
  const readFd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { readFd, writeFd: openSync(name, constants.O_WRONLY) };
  } catch (error) {
    closeSync(readFd);
    throw error;
  }
}

function closePipe(pipe: Pipe): void {
  closeSync(pipe.readFd);
  closeSync(pipe.writeFd);
}
