import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { baseEnvironment } from './runCommand.ts';

export interface ServerProcess {
  readonly pid: number;
  readonly endpoint: string;
  readonly port: number;
  /** Everything it printed so far. */
  output(): string;
  /** Resident memory in bytes, of the server alone. */
  memoryBytes(): number;
  /** Its exit code, once it has ended by whatever way. */
  readonly exited: Promise<number | null>;
  /** `kill -9`: no chance to say goodbye. */
  kill(): Promise<void>;
  /** As Ctrl-C: drains and stops. Answers the exit code. */
  stop(): Promise<number | null>;
}

const startMsMax = 30_000;

export interface ServerProcessOptions {
  readonly dataFolder?: string;
  readonly args?: readonly string[];
  /** Another installation than this checkout. */
  readonly program?: string;
  /** Lets it fetch what functions lack: interpreters, the AWS SDK. */
  readonly online?: boolean;
}

/** The program as a person starts it, in a process of its own that fetches nothing for functions unless told to. Without `dataFolder` it keeps everything in memory. */
export async function startServerProcess(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const place = options.dataFolder === undefined ? ['--memory'] : ['--data-dir', options.dataFolder];
  const child = spawn(process.execPath, [options.program ?? join(packageRoot, 'dist/program/main.js'), 'start', '--port', '0', ...(options.online === true ? [] : ['--offline']), ...place, ...(options.args ?? [])], {
    env: { ...baseEnvironment(), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-200_000);
    });
  }
  const exited = once(child, 'exit');
  const endOnExit = (): void => void child.kill('SIGKILL');
  process.once('exit', endOnExit);
  void exited.then(() => process.off('exit', endOnExit));
  const giveUpMs = Date.now() + startMsMax;
  let port: number | undefined;
  while (port === undefined) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > giveUpMs) {
      child.kill('SIGKILL');
      assert.fail(`the server did not start:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
    const printed = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? 0);
    if (printed > 0 && (await isHealthy(printed))) port = printed;
  }
  const pid = child.pid ?? 0;
  return {
    pid,
    port,
    endpoint: `http://127.0.0.1:${port}`,
    exited: exited.then(([code]) => code as number | null),
    output: () => text,
    memoryBytes: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGINT');
      const cut = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const [code] = (await exited) as [number | null];
      clearTimeout(cut);
      return code;
    },
  };
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/_localstack/health`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
