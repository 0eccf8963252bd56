// Joins the modules of the program into few files, because loading 900 of them one by one costs half of a start. What is joined: the
// command line, the library, and what worker threads run; packages stay as they are. Names are kept, and source maps lie beside.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where the program is, below the root of the checkout or of the package. */
export const programFolder = join('dist', 'program');

// Found by their own file while the program runs; the same expression holds in the sources' own layout, which unit tests run.
const threadFile = /new URL\('\.\/([A-Za-z]+)\.js', import\.meta\.url\)/g;

/** Writes the program, and takes away what was joined before and is part of it no more. */
export async function joinProgram(root) {
  const { build } = await import('esbuild');
  const outdir = join(root, programFolder);
  mkdirSync(outdir, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/cli/main.ts', startHaneul: 'src/server/startHaneul.ts', ...threadEntries(root) },
    outdir,
    bundle: true,
    // One folder for all, so that what lies beside a file lies beside it wherever the file ended up.
    splitting: true,
    chunkNames: '[name]-[hash]',
    packages: 'external',
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

function threadEntries(root) {
  const entries = {};
  for (const path of readdirSync(join(root, 'src'), { recursive: true })) {
    if (!path.endsWith('.ts') || path.endsWith('.test.ts')) continue;
    for (const [, name] of readFileSync(join(root, 'src', path), 'utf8').matchAll(threadFile)) {
      const source = join('src', dirname(path), `${name}.ts`);
      if (entries[name] !== undefined && entries[name] !== source) throw new Error(`two files that threads run are called ${name}: ${entries[name]} and ${source}`);
      entries[name] = source;
    }
  }
  return entries;
}
