import { posix } from 'node:path';
import type { Finding } from '../sources.ts';

const emptyFolderNames = new Set(['utils', 'util', 'common', 'helpers', 'helper', 'misc', 'v2', 'legacy', 'shared', 'lib']);

/** Folder and file names that say nothing, or are written in another way than all others. */
export function findBadNames(paths: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  for (const path of paths) {
    if (!/^(src|test|bench|tools|docs)\//.test(path) || path.includes('/fixtures/')) continue;
    const report = (message: string): void => void findings.push({ path, line: 1, message });
    const folders = path.split('/').slice(0, -1);
    const empty = folders.find((folder) => emptyFolderNames.has(folder));
    if (empty !== undefined) report(`a folder named ${empty}: name it after what is in it`);
    const crooked = folders.find((folder) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(folder));
    if (crooked !== undefined) report(`folders are kebab-case: ${crooked}`);
    const name = posix.basename(path);
    // A journey is a story and has a title; everything else is named like its main export.
    const pattern = path.startsWith('test/journeys/') ? /^[a-z0-9]+(-[a-z0-9]+)*\.test\.ts$|^[a-z][A-Za-z0-9]*(\.test)?\.ts$/ : /^[a-z][A-Za-z0-9]*(\.test|\.d)?\.ts$/;
    if (/\.m?ts$/.test(name) && !pattern.test(name)) report('TypeScript files are camelCase, like their main export');
  }
  return findings;
}

/** Operations that no test of their service names: neither `sendMessage` in a title nor `'SendMessage'` in a call. */
export function findUntestedOperations(paths: readonly string[], read: (path: string) => string): Finding[] {
  const tests = new Map<string, string>();
  for (const path of paths.filter((candidate) => /^src\/services\/[^/]+\/.*\.test\.ts$/.test(candidate))) {
    const service = path.split('/')[2] ?? '';
    tests.set(service, `${tests.get(service) ?? ''}\n${read(path)}`);
  }
  return paths
    .filter((path) => /^src\/services\/[^/]+\/operations\/[^/]+\.ts$/.test(path) && !path.endsWith('.test.ts'))
    .flatMap((path) => {
      const words = new Set((tests.get(path.split('/')[2] ?? '') ?? '').match(/\w+/g));
      const untested = operationNames(path, read(path)).filter((name) => !words.has(name) && !words.has(name.charAt(0).toLowerCase() + name.slice(1)));
      return untested.map((name) => ({ path, line: 1, message: `no test beside it names ${name}` }));
    });
}

// A file holds one operation, or a few that are one for every kind of thing.
function operationNames(path: string, text: string): string[] {
  const declared = [...text.matchAll(/\boperation\(\s*'(\w+)'/g)].map((match) => match[1] ?? '');
  const fileName = posix.basename(path, '.ts');
  return declared.length > 0 ? declared : [fileName.charAt(0).toUpperCase() + fileName.slice(1)];
}

// What lies in somebody's home is there for nobody else; `.bashrc` is what hostile functions try to read everywhere.
const machinePaths = [/\/home\/[a-z][\w-]*\//, /\/Users\/\w+\//, /\/root\/\.(?!bashrc)\w+/];

/** Places of the machine on which something was written. */
export function findMachinePaths(path: string, text: string): Finding[] {
  return text.split('\n').flatMap((line, index) => {
    const found = machinePaths.map((pattern) => pattern.exec(line)).find((match) => match !== null);
    return found ? [{ path, line: index + 1, message: `a path of one machine: ${found[0]}` }] : [];
  });
}

/** Version ranges in package.json, and packages that the lock file takes from elsewhere than the public registry. */
export function findLoosePackages(manifest: string, lock: string): Finding[] {
  const parsed = JSON.parse(manifest) as Record<string, Record<string, string> | undefined>;
  const names = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'];
  const loose = names.flatMap((group) => Object.entries(parsed[group] ?? {})).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
  const hosts = [...lock.matchAll(/"resolved": "(https?:\/\/[^/"]+)/g)].map((match) => match[1] ?? '').filter((host) => host !== 'https://registry.npmjs.org');
  return [
    ...loose.map(([name, version]) => ({ path: 'package.json', line: 1, message: `${name} ${version}: write one exact version` })),
    ...[...new Set(hosts)].map((host) => ({ path: 'package-lock.json', line: 1, message: `packages from ${host}: use https://registry.npmjs.org` })),
  ];
}

/** Links in Markdown files that lead nowhere. `anchorsOf` answers the headings of another Markdown file, as anchors. */
export function findBrokenLinks(path: string, text: string, exists: (path: string) => boolean, read: (path: string) => string): Finding[] {
  const findings: Finding[] = [];
  let fenced = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*```/.test(line)) fenced = !fenced;
    if (fenced) continue;
    for (const match of line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
      const problem = linkProblem(path, match[1] ?? '', exists, read);
      if (problem !== undefined) findings.push({ path, line: index + 1, message: problem });
    }
  }
  return findings;
}

function linkProblem(path: string, link: string, exists: (path: string) => boolean, read: (path: string) => string): string | undefined {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : posix.normalize(posix.join(posix.dirname(path), file));
  if (!exists(target)) return `a link to ${target}, which does not exist`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return headingAnchors(read(target)).has(anchor) ? undefined : `a link to #${anchor}, which is no heading of ${target}`;
}

// As the common renderers make them: lower case, spaces become hyphens, the rest of the punctuation goes.
function headingAnchors(text: string): Set<string> {
  const headings = text.split('\n').filter((line) => /^#{1,6} /.test(line));
  return new Set(headings.map((line) => line.replace(/^#+ /, '').toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(/\s/g, '-')));
}

/** Generated models say from what they were made. */
export function findHeaderlessModel(path: string, text: string): Finding[] {
  const head = text.slice(0, 400);
  const complete = /"format"\s*:/.test(head) && /"source"\s*:\s*"[^"]+"/.test(head);
  return complete ? [] : [{ path, line: 1, message: 'a model without "format" and "source" at its head: make it with npm run models' }];
}
