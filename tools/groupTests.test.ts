import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/base/packageRoot.ts';

interface Grouping {
  readonly groupTests: (root: string, names: readonly string[]) => string[][];
  readonly mayShare: (name: string, source: string) => boolean;
}
const { groupTests, mayShare } = (await import(pathToFileURL(join(packageRoot, 'tools/groupTests.mjs')).href)) as Grouping;

test('mayShare keeps whatever could disturb others in a process of its own', () => {
  const plain = "import { test } from 'node:test';\ntest('add adds', () => undefined);\n";
  assert.equal(mayShare('src/base/a.test.ts', plain), true);
  assert.equal(mayShare('test/conformance/a.test.ts', plain), false);
  for (const line of ['after(() => server.close());', "test('b', () => {\n  process.env['A'] = '1';\n});", "import { spawn } from 'node:child_process';", 'const scene = useServer();', "test('b', (t) => t.mock.timers.enable());"]) {
    assert.equal(mayShare('src/base/a.test.ts', `${plain}${line}\n`), false, line);
  }
  assert.equal(mayShare('src/base/a.test.ts', `${plain}suite('b', () => {\n  after(() => undefined);\n});\n`), true, 'a hook of a suite is its own');
});

test('groupTests gathers files of one folder, few enough at a time, and loses none', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'haneul-groups-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const names = [...Array.from({ length: 20 }, (_, index) => `src/services/a/operations/${index}.test.ts`), 'src/services/b/alone.test.ts', 'src/services/a/hooked.test.ts', 'test/journeys/long.test.ts'];
  for (const name of names) {
    mkdirSync(join(root, dirname(name)), { recursive: true });
    writeFileSync(join(root, name), name.includes('hooked') ? 'before(() => undefined);\n' : 'test();\n');
  }
  const groups = groupTests(root, names);
  assert.deepEqual(groups.flat().sort(), [...names].sort());
  assert.deepEqual(groups.map(({ length }) => length).sort((a, b) => b - a), [16, 4, 1, 1, 1]);
});
