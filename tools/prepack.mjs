// `npm pack` and `npm publish` run this first: builds, and takes out of the outputs what points to files that are not packed.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programFolder } from './join.mjs';
import { prepare, root } from './prepare.mjs';

await prepare({ check: true });
const outputs = join(root, programFolder);
for (const name of readdirSync(outputs)) {
  if (!name.endsWith('.js')) continue;
  const path = join(outputs, name);
  const text = readFileSync(path, 'utf8');
  const stripped = text.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '\n');
  if (stripped === text) continue;
  // By way of a second file: a server that runs from this folder never reads half of one.
  writeFileSync(`${path}.new`, stripped, { mode: name === 'main.js' ? 0o755 : 0o644 });
  renameSync(`${path}.new`, path);
}
// The next build writes every output anew, with its source map.
rmSync(join(outputs, '.built'), { force: true });
