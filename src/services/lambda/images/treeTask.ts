// The worker-thread side of an image's root: its layers become one tree, without a byte being copied.
import { chmodSync, copyFileSync, linkSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../../base/errors.ts';
import { lstatInside } from './layerTask.ts';
import type { LayerChanges } from './layerTask.ts';

export interface TreeInput {
  /** Unpacked layers, the lowest first. */
  readonly layers: readonly string[];
  /** An empty folder that exists. */
  readonly target: string;
  /** Where the sandbox mounts something of its own: these must be folders and files, whatever the image has there. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** Answers false when a hard link leads nowhere. */
export function run({ layers, target, folders, files }: TreeInput): boolean {
  for (const layer of layers) {
    const changes = JSON.parse(readFileSync(join(layer, 'changes.json'), 'utf8')) as LayerChanges;
    for (const path of changes.opaque) emptyFolder(target, path);
    for (const path of changes.whiteouts) if (lstatInside(target, path) !== undefined) rmSync(join(target, path), { recursive: true });
    merge(join(layer, 'tree'), target);
    for (const [path, source] of changes.links) {
      if (lstatInside(target, source)?.isFile() !== true || path.includes('/') && lstatInside(target, path.slice(0, path.lastIndexOf('/')))?.isDirectory() !== true) return false;
      rmSync(join(target, path), { recursive: true, force: true });
      linkOrCopy(join(target, source), join(target, path));
    }
  }
  for (const path of folders) makePlace(target, path, () => mkdirSync(join(target, path), { mode: 0o755 }), (found) => found.isDirectory());
  for (const path of files) makePlace(target, path, () => writeFileSync(join(target, path), '', { mode: 0o644, flag: 'wx' }), (found) => found.isFile());
  return true;
}

function emptyFolder(root: string, path: string): void {
  if (path !== '' && lstatInside(root, path)?.isDirectory() !== true) return;
  for (const name of readdirSync(join(root, path))) rmSync(join(root, path, name), { recursive: true });
}

function makePlace(root: string, path: string, make: () => void, isRight: (found: NonNullable<ReturnType<typeof lstatInside>>) => boolean): void {
  const found = lstatInside(root, path);
  if (found !== undefined && isRight(found)) return;
  rmSync(join(root, path), { recursive: true, force: true });
  make();
}

function merge(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    const present = lstatSync(target, { throwIfNoEntry: false });
    if (entry.isDirectory()) {
      if (present !== undefined && !present.isDirectory()) rmSync(target);
      if (present?.isDirectory() !== true) mkdirSync(target);
      chmodSync(target, lstatSync(source).mode & 0o777);
      merge(source, target);
      continue;
    }
    if (present !== undefined) rmSync(target, { recursive: true });
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    // File systems limit the links to one file, and some know none.
    if (!['EMLINK', 'EPERM', 'ENOTSUP', 'EXDEV'].includes(systemErrorCode(error) ?? '')) throw error;
    copyFileSync(source, target);
  }
}
