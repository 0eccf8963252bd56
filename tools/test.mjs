// `npm test [-- PATH …]`: prepares the checkout with a type check, then runs every `*.test.ts` (or those under PATH).
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare({ check: true });
const wanted = process.argv.slice(2).map((path) => path.replace(/\.ts$/, ''));
const files = ['src', 'test', 'tools']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name)))
  .filter((name) => name.endsWith('.test.ts') && !name.includes('fixtures'))
  .filter((name) => wanted.length === 0 || wanted.some((path) => name.startsWith(path)))
  .map((name) => join(root, 'dist', name.replace(/\.ts$/, '.js')));
if (files.length === 0) {
  process.stderr.write('haneul: no test file matches\n');
  process.exit(1);
}
const result = spawnSync(process.execPath, ['--test', '--test-reporter=spec', '--enable-source-maps', ...files], { cwd: root, stdio: 'inherit' });
process.exit(result.status ?? 1);
