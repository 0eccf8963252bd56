import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../src/base/packageRoot.ts';

test('the joined program finds every file that it names by its own place', () => {
  const folder = join(packageRoot, 'dist/program');
  const named = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/new URL\(["']([^"']+)["'], import\.meta\.url\)/g)].map(([, path = '']) => path));
  for (const wanted of ['./thread.js', './unpackTask.js']) assert.ok(named.includes(wanted), wanted);
  assert.deepEqual(named.filter((path) => dirname(path) !== '.' || !existsSync(join(folder, path))), []);
});
