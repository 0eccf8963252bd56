import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseInterpreter, findInterpreters } from './interpreters.ts';
import type { InstalledInterpreter } from './interpreters.ts';

const installed = (family: InstalledInterpreter['family'], ...versions: string[]): InstalledInterpreter[] =>
  versions.map((version) => ({ family, version, path: `/usr/bin/${family}-${version}`, extraPaths: [] }));

test('chooseInterpreter takes the exact release, newest patch first, else the nearest, newer before older', () => {
  const all = [...installed('node', '20.20.2', '18.1.0', '18.19.1'), ...installed('python', '3.8.18', '3.11.2', '3.13.0')];
  const choose = (family: 'node' | 'python', version: string) => {
    const choice = chooseInterpreter(all, { family, version });
    return choice && [choice.interpreter.version, choice.isExact];
  };
  assert.deepEqual(choose('node', '20'), ['20.20.2', true]);
  assert.deepEqual(choose('node', '18'), ['18.19.1', true]);
  assert.deepEqual(choose('node', '24'), ['20.20.2', false]);
  assert.deepEqual(choose('python', '3.11'), ['3.11.2', true]);
  assert.deepEqual(choose('python', '3.12'), ['3.13.0', false]);
  assert.deepEqual(choose('python', '3.9'), ['3.8.18', false]);
  assert.equal(chooseInterpreter(installed('node', '20.0.0'), { family: 'python', version: '3.12' }), undefined);
});

test('chooseInterpreter prefers a newer Java, which loads what was compiled for the one that is missing', () => {
  const choose = (version: string, ...versions: string[]) => chooseInterpreter(installed('java', ...versions), { family: 'java', version })?.interpreter.version;
  assert.equal(choose('21', '17.0.15', '25.0.3'), '25.0.3');
  assert.equal(choose('17', '17.0.15', '25.0.3'), '17.0.15');
  assert.equal(choose('11', '8.0.392', '17.0.15', '25.0.3'), '17.0.15');
  assert.equal(choose('25', '11.0.2', '17.0.15'), '17.0.15');
});

test('findInterpreters reads what a Java says of itself, also an old one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-interpreters-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, version] of [['new', '25.0.3'], ['old', '1.8.0_392']] as const) {
    mkdirSync(join(folder, name, 'bin'), { recursive: true });
    writeFileSync(join(folder, name, 'bin', 'java'), `#!/bin/sh\nprintf '    java.home = ${folder}/${name}\\n    java.version = ${version}\\n' >&2\n`, { mode: 0o755 });
  }
  const found = await findInterpreters({ PATH: `${folder}/new/bin:${folder}/old/bin` }, join(folder, 'cache.json'));
  const ours = found.filter(({ path }) => path.startsWith(folder));
  assert.deepEqual(ours.map(({ version, path, extraPaths }) => [version, path, extraPaths]), [
    ['25.0.3', join(folder, 'new', 'bin', 'java'), [join(folder, 'new')]],
    ['8.0.392', join(folder, 'old', 'bin', 'java'), [join(folder, 'old')]],
  ]);
});

test('findInterpreters asks each program once, and again when the program has changed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-interpreters-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'bin', 'python3');
  mkdirSync(join(folder, 'bin'));
  const install = (version: string): void => {
    const answer = JSON.stringify([version, program, folder]);
    writeFileSync(program, `#!/bin/sh\necho asked >> '${folder}/asked'\necho '${answer}'\n`);
    chmodSync(program, 0o755);
  };
  const find = async () => {
    const found = await findInterpreters({ PATH: join(folder, 'bin') }, join(folder, 'cache', 'interpreters.json'));
    return found.filter(({ path }) => path === program).map(({ version }) => version);
  };
  const timesAsked = (): number => readFileSync(join(folder, 'asked'), 'utf8').split('\n').length - 1;
  install('3.12.1');
  assert.deepEqual([await find(), await find(), timesAsked()], [['3.12.1'], ['3.12.1'], 1]);
  install('3.12.10');
  assert.deepEqual([await find(), timesAsked()], [['3.12.10'], 2]);
  // What somebody else left in its place is asked for again.
  writeFileSync(join(folder, 'cache', 'interpreters.json'), '{"x":1,');
  assert.deepEqual([await find(), timesAsked()], [['3.12.10'], 3]);
  writeFileSync(join(folder, 'cache', 'interpreters.json'), JSON.stringify({ [program]: { stamp: 7 } }));
  assert.deepEqual([await find(), timesAsked()], [['3.12.10'], 4]);
});
