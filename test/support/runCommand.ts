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
  /** Ends the command (SIGINT, as Ctrl-C does) as soon as its standard output makes this true. */
  readonly until?: (stdout: string) => boolean;
}

const outputBytesMax = 8 * 1024 * 1024;

/** Runs one program to its end, or to its time limit: nothing a test starts may outlive it. The environment is exactly `env`. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { env = baseEnvironment(), folder, input, timeoutMs = 60_000, until } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, ...(folder === undefined ? {} : { cwd: folder }), stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let reached = false;
    const timer = setTimeout(() => {
      stderr += `\n[ended after ${timeoutMs} ms]`;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (stdout.length < outputBytesMax) stdout += chunk;
      if (until && !reached && until(stdout)) {
        reached = true;
        child.kill('SIGINT');
        // Some programs treat an interrupt as a request; a test does not wait for their answer.
        setTimeout(() => child.kill('SIGKILL'), 3_000).unref();
      }
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (stderr.length < outputBytesMax) stderr += chunk;
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
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
