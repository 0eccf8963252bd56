import { closeSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { systemErrorCode } from '../../base/errors.ts';

// Used between two lines of synchronous code only: one for all pipes.
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** The server's end of a function's descriptor 1 or 2: what native code and child processes print, and last words of a crash. */
export class RawPipe {
  readonly #fd: number;
  readonly #socket: Socket;
  readonly #onBytes: (bytes: Buffer) => void;
  #open = true;
  #isPaused = false;
  readonly drained: Promise<void>;

  constructor(fd: number, onBytes: (bytes: Buffer) => void) {
    this.#fd = fd;
    this.#onBytes = onBytes;
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.drained = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#open = false;
        resolve();
      });
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', onBytes);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** Reads what is in the pipe at this moment, if nobody reads it: a pipe that is empty is expensive to ask. */
  drainPaused(): void {
    if (!this.#open || !this.#isPaused) return;
    // A pipe holds at most 1 MiB (the kernel's pipe-max-size for unprivileged users).
    for (let round = 0; round < 16; round += 1) {
      let count: number;
      try {
        count = readSync(this.#fd, readBuffer);
      } catch (error) {
        if (systemErrorCode(error) === 'EAGAIN') return;
        throw error;
      }
      if (count === 0) return;
      this.#onBytes(Buffer.from(readBuffer.subarray(0, count)));
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** For a pipe that never got a reader. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It was closed already: nothing is left to release.
  }
}
