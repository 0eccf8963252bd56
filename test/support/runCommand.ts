import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Ends the command as Ctrl-C does, after this time: for commands that go on until then. */
  readonly interruptAfterMs?: number;
}

const outputBytesMax = 8 * 1024 * 1024;

/** Runs one program to its end, or to its time limit: nothing a test starts may outlive it. The environment is exactly `env`. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { env = baseEnvironment(), folder, input, timeoutMs = 60_000, interruptAfterMs } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, ...(folder === undefined ? {} : { cwd: folder }), stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => {
      stderr += `\n[ended after ${timeoutMs} ms]`;
      child.kill('SIGKILL');
    }, timeoutMs);
    const interrupt = interruptAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGINT'), interruptAfterMs);
    const clearTimers = (): void => {
      clearTimeout(timer);
      clearTimeout(interrupt);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (stdout.length < outputBytesMax) stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (stderr.length < outputBytesMax) stderr += chunk;
    });
    child.on('error', (error) => {
      clearTimers();
      reject(error);
    });
    child.on('close', (code) => {
      clearTimers();
      resolve({ exitCode: code ?? -1, stdout, stderr });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** What programs need of this machine, and nothing that could point a client at anything but the server under test. */
export function baseEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** The whole environment of this process: for package managers, which take their proxies and certificates from it. */
export function fullEnvironment(): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) all[name] = value;
  return all;
}
