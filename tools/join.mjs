// Joins the modules of the program into few files, because loading 900 of them one by one costs half of a start. What is joined: the
// command line, the library, and what worker threads run; packages stay as they are. Names are kept, and source maps lie beside.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where the program is, below the root of the checkout or of the package. */
export const programFolder = join('dist', 'program');

// What threads run is found beside the file that names it; the same expression holds in the sources' own layout, which unit tests run.
const threadFile = /new URL\('(\.\.?\/[\w./-]+)\.js', import\.meta\.url\)/g;

/** Writes the program, and takes away what was joined before and is part of it no more. */
export async function joinProgram(root) {
  const { build } = await import('esbuild');
  const outdir = join(root, programFolder);
  mkdirSync(outdir, { recursive: true });
  const threads = findThreadFiles(root);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/cli/main.ts', startHaneul: 'src/server/startHaneul.ts', ...threads.entries },
    outdir,
    bundle: true,
    // One folder for all, so that what lies beside a file lies beside it wherever the file ended up.
    splitting: true,
    chunkNames: '[name]-[hash]',
    packages: 'external',
    plugins: [{ name: 'thread files', setup: (joining) => joining.onLoad({ filter: /\.ts$/ }, ({ path }) => nameThreadFiles(path, threads.namedIn)) }],
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
  // `npx haneul` runs this file itself.
  chmodSync(join(outdir, 'main.js'), 0o755);
  const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const name of readdirSync(outdir)) if (!written.has(name)) rmSync(join(outdir, name), { recursive: true, force: true });
}

/** The modules that threads run, as entries by their names, and the files that name them. */
function findThreadFiles(root) {
  const entries = {};
  const namedIn = new Set();
  for (const path of readdirSync(join(root, 'src'), { recursive: true })) {
    if (!path.endsWith('.ts') || path.endsWith('.test.ts')) continue;
    for (const [, relative] of readFileSync(join(root, 'src', path), 'utf8').matchAll(threadFile)) {
      const source = join('src', dirname(path), `${relative}.ts`);
      const name = basename(relative);
      if (entries[name] !== undefined && entries[name] !== source) throw new Error(`two files that threads run are called ${name}: ${entries[name]} and ${source}`);
      entries[name] = source;
      namedIn.add(join(root, 'src', path));
    }
  }
  return { entries, namedIn };
}

// Wherever they were, they lie in one folder now.
function nameThreadFiles(path, namedIn) {
  if (!namedIn.has(path)) return undefined;
  const contents = readFileSync(path, 'utf8').replace(threadFile, (_found, relative) => `new URL('./${basename(relative)}.js', import.meta.url)`);
  return { contents, loader: 'ts' };
}
