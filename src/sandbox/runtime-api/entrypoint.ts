import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../base/errors.ts';
import type { EnvironmentSpec } from '../types.ts';

export interface EntrypointError {
  readonly errorType: 'Runtime.InvalidEntrypoint';
  readonly errorMessage: string;
}

const elfMachines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** Finds the program of a custom runtime, where AWS looks for it and with AWS's complaints when it cannot run. */
export async function findEntrypoint(spec: EnvironmentSpec): Promise<{ readonly folder: 'task' | 'layers' } | EntrypointError> {
  const places = [
    { folder: 'task', host: spec.codeFolder, inside: '/var/task/bootstrap' },
    ...(spec.layersFolder === undefined ? [] : [{ folder: 'layers', host: spec.layersFolder, inside: '/opt/bootstrap' } as const]),
  ] as const;
  for (const { folder, host, inside } of places) {
    const complaint = await inspect(join(host, 'bootstrap'));
    if (complaint === 'missing') continue;
    if (complaint === undefined) return { folder };
    return { errorType: 'Runtime.InvalidEntrypoint', errorMessage: `Error: fork/exec ${inside}: ${complaint}` };
  }
  return { errorType: 'Runtime.InvalidEntrypoint', errorMessage: "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" };
}

/** What execve would say, without running anything. */
async function inspect(path: string): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR' ? 'missing' : 'permission denied';
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) return 'missing';
    if ((status.mode & 0o111) === 0) return 'permission denied';
    const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, 0);
    if (buffer.toString('latin1', 0, 2) === '#!') return undefined;
    if (bytesRead < 20 || buffer.toString('latin1', 0, 4) !== '\x7fELF') return 'exec format error';
    return buffer.readUInt16LE(18) === (elfMachines[process.arch] ?? 0) ? undefined : 'exec format error';
  } finally {
    await file.close();
  }
}
