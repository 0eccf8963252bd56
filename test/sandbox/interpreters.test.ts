// A function runs on the version that its runtime names. A made-up npm brings a program that says it is another version and hands on to the real one.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { SandboxOptions } from '../../src/sandbox/openSandbox.ts';
import { openTestSandbox } from './harness.ts';

const packageName = 'node-of-the-test';
const wanted = { family: 'node', version: '99' } as const;
// The program that the made-up one hands on to has to be visible inside.
const skip = process.platform !== 'linux' || !process.execPath.startsWith('/usr/') ? 'not run: needs a Node.js below /usr, on Linux' : false;

function optionsOf(t: TestContext): Partial<SandboxOptions> {
  // Not below /tmp: a function's own comes while its interpreter starts, and would hide a script from the shell that is to read it.
  const home = mkdtempSync('/var/tmp/haneul-interpreters-test-');
  t.after(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  mkdirSync(join(home, 'bin'));
  const program = `#!/bin/sh\nif [ "$1" = -p ]; then echo 99.1.0; else OF_THE_TEST=yes exec ${process.execPath} "$@"; fi\n`;
  writeFileSync(join(home, 'node'), program, { mode: 0o755 });
  const installs = `mkdir -p node_modules/${packageName}/bin\ncp ${home}/node node_modules/${packageName}/bin/node`;
  writeFileSync(join(home, 'bin', 'npm'), `#!/bin/sh\nset -e\ngrep -q sha512-of-the-test package-lock.json\n${installs}\n`, { mode: 0o755 });
  return {
    cacheFolder: join(home, 'cache'),
    environment: { ...process.env, PATH: `${join(home, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` },
    interpreterPins: { '99': { version: '99.1.0', packages: { [`${process.platform}-${process.arch}`]: { name: packageName, integrity: 'sha512-of-the-test' } } } },
  };
}

const files = { 'index.js': 'exports.handler = async () => process.env.OF_THE_TEST ?? null;' };

for (const isolation of ['strongest', 'none'] as const) {
  test(`with isolation ${isolation}, a function runs on the version that was fetched for it`, { skip }, async (t) => {
    const { sandbox, start } = await openTestSandbox({ ...optionsOf(t), isolation });
    sandbox.prepare(wanted);
    assert.equal(sandbox.isPreparing(wanted), true);
    assert.equal(await (await start({ runtime: wanted, files })).call(), 'yes');
    assert.equal(sandbox.isPreparing(wanted), false);
    assert.ok(sandbox.interpreters.some(({ version }) => version === '99.1.0'), 'health names it');
  });
}

test('a slot is booted on the version that was fetched', { skip }, async (t) => {
  const { start, skipReason, sandbox } = await openTestSandbox({ ...optionsOf(t), slots: { minimum: 1, maximum: 2 } });
  if (skipReason) return t.skip(skipReason);
  if (process.getuid?.() !== 0) return t.skip('not run: slots need root');
  await (await start({ runtime: wanted, files })).call();
  while (!sandbox.pools().some(({ kind, idle }) => kind === 'node 99.1.0' && idle > 0)) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await (await start({ runtime: wanted, files: { 'index.js': 'exports.handler = async () => 2;' } })).call(), 2);
  assert.equal(sandbox.pools().find(({ kind }) => kind === 'node 99.1.0')?.hits, 1);
});
