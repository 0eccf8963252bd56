import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';

export interface ResultBounds {
  readonly bytesMax: number;
  readonly timeoutMs: number;
  /** Who may have to end it. */
  readonly onChild: (child: ChildProcess) => void;
}

const resultFd = 3;

/** What a program prints to descriptor 3, at a low priority; rejects with its last words when it fails. */
export function readResult([program = '', ...args]: readonly string[], { bytesMax, timeoutMs, onChild }: ResultBounds): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], env: {}, timeout: timeoutMs, killSignal: 'SIGKILL' });
    onChild(child);
    const chunks: Buffer[] = [];
    let bytes = 0;
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2_000)));
    child.stdio[resultFd]?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => (code === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(complaint.trim() || `it ended with ${signal ?? code}`))));
    try {
      if (child.pid !== undefined) setPriority(child.pid, 10);
    } catch {
      // It ended meanwhile.
    }
  });
}
