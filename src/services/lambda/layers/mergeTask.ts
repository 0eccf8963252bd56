// The worker-thread side of /opt: several unpacked layers become one folder, without a byte being copied.
import { copyFileSync, linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../../base/errors.ts';

export interface MergeInput {
  /** In their order: what comes later replaces what came before. */
  readonly folders: readonly string[];
  /** An empty folder that exists. */
  readonly target: string;
}

/** Merges folders into one. Links are never followed, on either side. */
export function run({ folders, target }: MergeInput): void {
  for (const folder of folders) mergeFolder(folder, target);
}

function mergeFolder(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    const present = lstatSync(target, { throwIfNoEntry: false });
    if (entry.isDirectory()) {
      makeFolder(target, present);
      mergeFolder(source, target);
    } else putEntry(entry, source, target, present);
  }
}

function makeFolder(target: string, present: Stats | undefined): void {
  if (present?.isDirectory()) return;
  if (present) rmSync(target);
  mkdirSync(target, { mode: 0o755 });
}

function putEntry(entry: Dirent, source: string, target: string, present: Stats | undefined): void {
  if (present) rmSync(target, { recursive: true });
  if (entry.isSymbolicLink()) return symlinkSync(readlinkSync(source), target);
  try {
    linkSync(source, target);
  } catch (error) {
    // File systems limit the links to one file, and some know none.
    if (!['EMLINK', 'EPERM', 'ENOTSUP', 'EXDEV'].includes(systemErrorCode(error) ?? '')) throw error;
    copyFileSync(source, target);
  }
}
