import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseInterpreter } from './interpreters.ts';
import type { InstalledInterpreter } from './interpreters.ts';

const installed = (family: 'node' | 'python', ...versions: string[]): InstalledInterpreter[] =>
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
