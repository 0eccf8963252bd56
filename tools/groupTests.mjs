// Which test files may share a process. To start one costs more than most unit tests together do; what a file could leave behind for the
// next one is known by what it writes: hooks at its top level, which would be everybody's, and whatever it does to its process.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const filesPerGroupMax = 16;
const hookAtTopLevel = /^(?:before|after|beforeEach|afterEach)\(/m;
const touchesItsProcess = /\bprocess\.|\bglobalThis\b|\bmock\.|node:(?:child_process|worker_threads|cluster)|useServer|startTestServer|openSandbox|startHaneul/;

/**
 * Groups of test files, by their paths below `root`. Unit tests beside the sources are grouped by folder where nothing speaks against it,
 * everything else has a process of its own.
 */
export function groupTests(root, names) {
  const groups = [];
  const open = new Map();
  for (const name of names) {
    const key = mayShare(name, readFileSync(join(root, name), 'utf8')) ? name.split('/').slice(0, 3).join('/') : undefined;
    const known = key === undefined ? undefined : open.get(key);
    if (known && known.length < filesPerGroupMax) known.push(name);
    else {
      const group = [name];
      groups.push(group);
      if (key !== undefined) open.set(key, group);
    }
  }
  return groups;
}

export function mayShare(name, source) {
  return name.startsWith('src/') && !hookAtTopLevel.test(source) && !touchesItsProcess.test(source);
}

/** Writes a module for each group of several files, and answers what to run for each group. */
export function writeGroups(root, groups, outputOf) {
  const folder = join(root, 'dist', 'groups');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return groups.map((group, index) => {
    if (group.length === 1) return outputOf(group[0]);
    const file = join(folder, `${dirname(group[0]).replaceAll('/', '-')}-${index}.test.js`);
    writeFileSync(file, group.map((name) => `import '${relative(folder, outputOf(name))}';\n`).join(''));
    return file;
  });
}
