// Packages that AWS has and a function need not bring. A made-up npm stands for the registry: what is fetched is the pins' matter.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { SandboxOptions } from '../../src/sandbox/openSandbox.ts';
import { initError, node, openTestSandbox } from './harness.ts';

interface FakeRegistry {
  readonly options: Partial<SandboxOptions>;
  readonly cacheFolder: string;
  readonly home: string;
}

/** What lies in the cache besides the answers of the host's interpreters. */
const fetched = (cacheFolder: string): readonly string[] => readdirSync(cacheFolder).filter((name) => name !== 'interpreters.json');

/** An npm that runs `script` where a real one would fill `node_modules`. */
function fakeNpm(t: TestContext, script: string): FakeRegistry {
  const home = mkdtempSync(join(tmpdir(), 'haneul-sdk-test-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin', 'npm'), `#!/bin/sh\nset -e\necho called >> ${home}/calls\n${script}\n`, { mode: 0o755 });
  const cacheFolder = join(home, 'cache');
  return { home, cacheFolder, options: { cacheFolder, environment: { ...process.env, PATH: `${join(home, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` } } };
}

const installs = `test -f package-lock.json
mkdir -p node_modules/@aws-sdk/client-s3/dist-types node_modules/@aws-sdk/core
echo 'exports.origin = require("@aws-sdk/core").origin;' > node_modules/@aws-sdk/client-s3/index.js
echo 'exports.origin = "fetched";' > node_modules/@aws-sdk/core/index.js`;

const requires = { 'index.js': `const { origin } = require('@aws-sdk/client-s3'); exports.handler = async () => origin;` };
const imports = { 'index.mjs': `import s3 from '@aws-sdk/client-s3/index.js'; export const handler = async () => s3.origin;` };

for (const isolation of ['strongest', 'none'] as const) {
  test(`with isolation ${isolation}, require and import find the SDK that the first function fetched`, async (t) => {
    const { options, cacheFolder, home } = fakeNpm(t, installs);
    const { start, logs } = await openTestSandbox({ ...options, isolation });
    const [first, second] = await Promise.all([start({ runtime: node, files: requires }), start({ runtime: node, files: imports })]);
    assert.deepEqual([await first.call(), await second.call()], ['fetched', 'fetched']);
    const quiet = await start({ runtime: node, files: { 'index.js': `exports.handler = async () => require(['@aws', 'sdk/client-s3'].join('-')).origin;` } });
    assert.equal(await quiet.call(), 'fetched', 'once there, it is there for everybody');
    assert.equal(readFileSync(join(home, 'calls'), 'utf8'), 'called\n', 'fetched once');
    assert.ok(logs.some(({ text }) => text.startsWith('fetching the AWS SDK')) && logs.some(({ text }) => text.endsWith('is there')));
    assert.equal(fetched(cacheFolder).length, 1, 'nothing half done is left');
  });

  test(`with isolation ${isolation}, what a package brings along is found first`, async (t) => {
    const { options } = fakeNpm(t, installs);
    const { start } = await openTestSandbox({ ...options, isolation });
    await (await start({ runtime: node, files: requires })).call();
    const own = { 'node_modules/@aws-sdk/client-s3/index.js': 'exports.origin = "own";' };
    assert.equal(await (await start({ runtime: node, files: { ...requires, ...own } })).call(), 'own');
    assert.equal(await (await start({ runtime: node, files: { ...imports, ...own } })).call(), 'own');
  });
}

test('import finds packages of layers, before the SDK', async (t) => {
  const { options } = fakeNpm(t, installs);
  const { start, skipReason } = await openTestSandbox(options);
  if (skipReason) return t.skip(skipReason);
  const layers = { 'nodejs/node_modules/@aws-sdk/client-s3/index.js': 'exports.origin = "layer";' };
  assert.equal(await (await start({ runtime: node, files: imports, layers })).call(), 'layer');
  assert.equal(await (await start({ runtime: node, files: requires, layers })).call(), 'layer');
});

test('a function cannot change the SDK', async (t) => {
  const { options } = fakeNpm(t, installs);
  const { start, skipReason } = await openTestSandbox(options);
  if (skipReason) return t.skip(skipReason);
  const files = { 'index.js': `const file = require.resolve('@aws-sdk/client-s3'); exports.handler = async () => { try { require('fs').writeFileSync(file, ''); } catch (error) { return error.code; } };` };
  assert.ok(['EROFS', 'EACCES'].includes(String(await (await start({ runtime: node, files })).call())));
});

test('a function that does not speak of the SDK fetches nothing', async (t) => {
  const { options, home } = fakeNpm(t, installs);
  const { start } = await openTestSandbox(options);
  assert.equal(await (await start({ runtime: node, files: { 'index.js': 'exports.handler = async () => 1;' } })).call(), 1);
  assert.ok(!readdirSync(home).includes('calls'));
});

test('a fetch that fails is told with its reason, and the function runs without', async (t) => {
  const { options, cacheFolder } = fakeNpm(t, 'echo "npm error network request failed" >&2; exit 1');
  const { start, logs } = await openTestSandbox(options);
  assert.equal((await initError(await start({ runtime: node, files: requires }))).errorType, 'Runtime.ImportModuleError');
  const warning = logs.find(({ level, text }) => level === 'warn' && text.includes('could not be fetched'));
  assert.match(String(warning?.fields['reason']), /network request failed/);
  assert.deepEqual(fetched(cacheFolder), []);
});

test('offline fetches nothing and says so once', async (t) => {
  const { options, home } = fakeNpm(t, installs);
  const { start, logs } = await openTestSandbox({ ...options, offline: true });
  for (const files of [requires, imports]) assert.equal((await initError(await start({ runtime: node, files }))).errorType !== undefined, true);
  assert.equal(logs.filter(({ text }) => text.includes('nothing is fetched')).length, 1);
  assert.ok(!readdirSync(home).includes('calls'));
});

test('a cache that others may write to is not used', async (t) => {
  const { options, cacheFolder } = fakeNpm(t, installs);
  mkdirSync(cacheFolder);
  chmodSync(cacheFolder, 0o777);
  const { start, logs } = await openTestSandbox(options);
  await initError(await start({ runtime: node, files: requires }));
  assert.ok(logs.some(({ fields }) => String(fields['reason']).includes('others may write to it')));
});

test('closing the sandbox ends a fetch that hangs', async (t) => {
  const { options, home } = fakeNpm(t, `echo $$ > ${'$HOME_OF_TEST'}/pid; sleep 600`);
  const environment = { ...options.environment, HOME_OF_TEST: home };
  const { sandbox, start } = await openTestSandbox({ ...options, environment });
  const starting = assert.rejects(start({ runtime: node, files: requires }), { message: 'The server is stopping.' });
  while (!existsSync(join(home, 'pid')) || readFileSync(join(home, 'pid'), 'utf8') === '') await new Promise((resolve) => setImmediate(resolve));
  await sandbox.close();
  await starting;
  const pid = Number(readFileSync(join(home, 'pid'), 'utf8'));
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
