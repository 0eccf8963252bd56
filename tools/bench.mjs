// `npm run bench [-- NAME [OPTIONS]]`: prepares the checkout, then runs `bench/NAME.ts`, or every benchmark one after the other.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

const known = readdirSync(join(root, 'bench')).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')).map((name) => name.slice(0, -3));
const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith('-'));
const unknown = wanted.find((name) => !known.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`haneul: no benchmark is called "${unknown}"; there are: ${known.join(', ')}\n`);
  process.exit(1);
}
await prepare();
let failed = false;
for (const name of wanted.length > 0 ? wanted : known) {
  process.stderr.write(`haneul: benchmark ${name}\n`);
  const options = args.filter((arg) => arg.startsWith('-'));
  const result = spawnSync(process.execPath, ['--enable-source-maps', join(root, 'dist', 'bench', `${name}.js`), ...options], { cwd: root, stdio: 'inherit' });
  failed ||= result.status !== 0;
}
process.exit(failed ? 1 : 0);
