import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';

/**
 * Creates a folder and those above it, for this user only; one that is there already is fine. Not mkdir's own `recursive`, which
 * never ends on a file system that says ENOENT although the parent exists (procfs does).
 */
export async function createFolder(path: string): Promise<void> {
  if (await makeFolder(path)) return;
  await createFolder(dirname(path));
  if (!(await makeFolder(path))) throw Object.assign(new Error(`${path} cannot be created`), { code: 'ENOENT' });
}

/** False when the folder above is missing. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return true;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    throw error;
  }
}
