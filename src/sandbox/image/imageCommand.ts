// Which program an image starts, found as the kernel would find it, but from outside: links are followed within the root only.
import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageSpec } from '../types.ts';

export interface ImageError {
  readonly errorType: 'Runtime.InvalidEntrypoint' | 'Runtime.InvalidWorkingDir';
  readonly errorMessage: string;
}

/** Docker's own, for images that name none. */
export const defaultImagePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Program and arguments, or what Lambda says when there is none. */
export function imageCommand(root: string, { command, workingFolder }: ImageSpec, path: string = defaultImagePath): readonly string[] | ImageError {
  const [program, ...args] = command;
  if (program === undefined) return invalid('Runtime.InvalidEntrypoint', 'the image names neither an entry point nor a command');
  if (statInside(root, workingFolder) !== 'folder') return invalid('Runtime.InvalidWorkingDir', `chdir ${workingFolder}: no such file or directory`);
  const candidates = program.startsWith('/')
    ? [program]
    : program.includes('/')
      ? [`${workingFolder}/${program}`]
      : path.split(':').filter((folder) => folder.startsWith('/')).map((folder) => `${folder}/${program}`);
  const kinds = candidates.map((candidate) => statInside(root, candidate));
  const found = candidates[kinds.indexOf('program')];
  if (found !== undefined) return [found, ...args];
  const why = kinds.includes('file') || kinds.includes('folder') ? 'permission denied' : 'no such file or directory';
  return invalid('Runtime.InvalidEntrypoint', `fork/exec ${program}: ${why}`);
}

const invalid = (errorType: ImageError['errorType'], why: string): ImageError => ({ errorType, errorMessage: `Error: ${why}` });

/** What is at a path of an image. */
export function statInside(root: string, path: string): 'program' | 'file' | 'folder' | undefined {
  const pending = path.split('/').filter((part) => part !== '' && part !== '.').reverse();
  const real: string[] = [];
  let links = 0;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === '..') {
      real.pop();
      continue;
    }
    const place = join(root, ...real, part);
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isSymbolicLink()) {
      if (pending.length === 0 && found.isFile()) return (found.mode & 0o111) === 0 ? 'file' : 'program';
      if (!found.isDirectory()) return undefined;
      real.push(part);
      continue;
    }
    links += 1;
    if (links > 40) return undefined;
    const target = readlinkSync(place);
    if (target.startsWith('/')) real.length = 0;
    pending.push(...target.split('/').filter((name) => name !== '' && name !== '.').reverse());
  }
  return 'folder';
}
