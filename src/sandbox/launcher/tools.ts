import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

/** Where root's programs are, on systems whose PATH for ordinary users leaves them out. */
const systemFolders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** The path of an executable, searched in PATH and then where system programs are; undefined when there is none. */
export function findExecutable(name: string, environment: ProcessEnvironment): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return [...folders, ...systemFolders].map((folder) => join(folder, name)).find(isExecutableFile);
}

export function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export interface ToolResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end with an empty environment and answers what it printed (64 KiB at most of each stream). */
export function runTool(path: string, args: readonly string[], timeoutMs = 20_000): Promise<ToolResult> {
  return new Promise((resolve) => {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {}, timeout: timeoutMs, killSignal: 'SIGKILL' });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (texts[name].length < 65_536) texts[name] += text;
      });
    }
    child.once('error', (error) => resolve({ code: null, stdout: '', stderr: error.message }));
    child.once('close', (code) => resolve({ code, ...texts }));
  });
}

/** One word for a POSIX shell, whatever it holds. */
export function quoteForShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
