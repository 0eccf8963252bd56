import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { API } from 'typescript/unstable/sync';
import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { isSourceFile, type Node, type SourceFile } from 'typescript/unstable/ast';

/** One TypeScript file, parsed by the compiler itself. */
export interface SourceUnit {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly ast: SourceFile;
}

/** What a rule says about one place. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

const ignoredFolders = new Set(['node_modules', 'dist', '.git', '.haneul', '.cache']);

/** Every file of the project that could be committed. */
export function listFiles(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    // In a work tree of git, `.git` is a file.
    if (ignoredFolders.has(entry.name)) return [];
    if (entry.isDirectory()) return listFiles(root, path);
    return entry.isFile() && !entry.name.endsWith('.log') ? [path] : [];
  });
}

/** Parses the TypeScript files among `paths` and hands them to `work`; the compiler's process ends with it. */
export function withSources<T>(root: string, paths: readonly string[], work: (units: readonly SourceUnit[]) => T): T {
  const api = new API({ cwd: root });
  try {
    return work(parse(api, root, paths, (path) => readFileSync(join(root, path), 'utf8')));
  } finally {
    api.close();
  }
}

/** Parses made-up files: the bad samples on which each rule must be seen to fail. */
export function withSamples<T>(samples: Readonly<Record<string, string>>, work: (units: readonly SourceUnit[]) => T): T {
  const root = '/samples';
  const paths = Object.keys(samples);
  const config = JSON.stringify({ compilerOptions: { noLib: true, types: [] }, files: paths });
  const files = Object.fromEntries(paths.map((path) => [`${root}/${path}`, samples[path] ?? '']));
  const api = new API({ cwd: root, fs: createVirtualFileSystem({ ...files, [`${root}/tsconfig.json`]: config }) });
  try {
    return work(parse(api, root, paths, (path) => samples[path] ?? ''));
  } finally {
    api.close();
  }
}

function parse(api: API, root: string, paths: readonly string[], read: (path: string) => string): SourceUnit[] {
  const project = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] }).getProjects()[0];
  if (!project) throw new Error('the compiler found no project');
  return paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts')).flatMap((path) => {
    const ast = project.program.getSourceFile(join(root, path));
    return ast && isSourceFile(ast) ? [{ path, text: read(path), ast }] : [];
  });
}

/** Calls `visit` for every node below `node`, parents first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

/** The line, from 1, on which a node begins. */
export function lineOf(unit: SourceUnit, node: Node): number {
  return unit.ast.getLineAndCharacterOfPosition(node.getStart(unit.ast)).line + 1;
}

/** Tests, and what only tests use: `testing/` folders and files and folders named `testX`, `test-x`, `fakeX`. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || /^(test|bench)\/|\/testing\/|\/(test|fake)[-A-Z][^/]*(\/|$)/.test(path);
}
