// Compiled code for the SDK: made in a sandbox, used by functions, out of their reach. A made-up npm stands for the registry.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLogger } from '../../src/base/log.ts';
import type { LogRecord } from '../../src/base/log.ts';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { cryptoRandom } from '../../src/base/random.ts';
import type { SandboxOptions } from '../../src/sandbox/openSandbox.ts';
import { openCodeCaches } from '../../src/sandbox/sdk/openCodeCaches.ts';
import { node, openTestSandbox } from './harness.ts';

// The client tells how it was loaded, and what it saw.
const client = `
exports.stack = () => new Error().stack;
exports.lazy = () => require('./lazy.js').lazy();
exports.lazyModule = typeof require('./lazy.js').lazy;
exports.relative = require('./other.js').word;
exports.resolved = require.resolve('./other.js');
exports.isMain = require.main === module;
exports.names = [typeof module.exports, __filename, __dirname, this === exports];
exports.warnings = process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED;
try { require('fs').writeFileSync(__dirname + '/made', ''); exports.wrote = true; } catch (error) { exports.wrote = error.code; }
exports.uid = process.getuid();
`;

interface FakeSdk {
  readonly options: Partial<SandboxOptions>;
  /** Where the packages are, once they are there. */
  folder(): string;
}

function fakeSdk(t: TestContext): FakeSdk {
  const home = mkdtempSync(join(tmpdir(), 'haneul-code-cache-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'client.js'), client);
  writeFileSync(join(home, 'lazy.js'), "exports.lazy = () => import('./other.js').then((other) => other.default.word);");
  const installs = `mkdir -p node_modules/@aws-sdk/client-s3\ncp ${home}/client.js node_modules/@aws-sdk/client-s3/index.js\ncp ${home}/lazy.js node_modules/@aws-sdk/client-s3/lazy.js\necho 'exports.word = "other";' > node_modules/@aws-sdk/client-s3/other.js`;
  writeFileSync(join(home, 'bin', 'npm'), `#!/bin/sh\nset -e\n${installs}\n`, { mode: 0o755 });
  const cacheFolder = join(home, 'cache');
  return {
    options: { cacheFolder, environment: { ...process.env, PATH: `${join(home, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` } },
    folder: () => join(cacheFolder, readdirSync(cacheFolder).find((name) => name.startsWith('sdk-node')) ?? '', 'node_modules'),
  };
}

const handler = `const load = () => require('@aws-sdk/client-s3');
exports.handler = async () => { const { stack, lazy, ...rest } = load(); return { ...rest, lazy: await lazy(), frames: stack().split('\\n').slice(1, 3) }; };`;

for (const isolation of ['strongest', 'none'] as const) {
  test(`with isolation ${isolation}, modules of the SDK behave the same from compiled code`, async (t) => {
    const sdk = fakeSdk(t);
    const { start, sandbox, logs } = await openTestSandbox({ ...sdk.options, isolation });
    const before = await (await start({ runtime: node, files: { 'index.js': handler } })).call();
    const isMade = (): boolean => logs.some(({ text }) => text.startsWith('compiled code'));
    if (process.getuid?.() === 0 && isolation === 'none') {
      await sandbox.close();
      assert.ok(!isMade(), 'root runs nothing of what it fetched unconfined');
      return;
    }
    while (!isMade()) await new Promise((resolve) => setImmediate(resolve));
    const [file = ''] = readdirSync(join(sdk.folder(), '.code-cache'));
    const path = join(sdk.folder(), '.code-cache', file);
    assert.match(readFileSync(path, 'latin1'), /client-s3\/index\.js/);
    assert.equal(statSync(path).mode & 0o777, 0o644);
    assert.ok(!readdirSync(join(sdk.folder(), '@aws-sdk', 'client-s3')).includes('made'), 'what was fetched changed nothing while it was compiled');
    const after = await (await start({ runtime: node, files: { 'index.js': handler } })).call();
    assert.deepEqual(withoutUser(after), withoutUser(before));
    assert.equal((after as { warnings?: string }).warnings, 'true', 'the SDK that comes with the runtime does not complain of the runtime');
    // Of a source, V8 compares the length alone: with another of the same length it tells who compiled.
    const other = join(sdk.folder(), '@aws-sdk', 'client-s3', 'other.js');
    writeFileSync(other, readFileSync(other, 'utf8').replace('"other"', '"OTHER"'));
    assert.deepEqual(withoutUser(await (await start({ runtime: node, files: { 'index.js': handler } })).call()), withoutUser(before), 'compiled code is what runs');
    const imported = `import s3 from '@aws-sdk/client-s3/index.js';\nexport const handler = async () => s3.relative;`;
    assert.equal(await (await start({ runtime: node, files: { 'index.mjs': imported } })).call(), 'other');
  });
}

/** Each environment has a user of its own. */
const withoutUser = (answer: unknown): object => ({ ...(answer as object), uid: undefined });

test('a function cannot change the compiled code that others run', async (t) => {
  const sdk = fakeSdk(t);
  const { start, logs, skipReason } = await openTestSandbox(sdk.options);
  if (skipReason) return t.skip(skipReason);
  await (await start({ runtime: node, files: { 'index.js': handler } })).call();
  while (!logs.some(({ text }) => text.startsWith('compiled code'))) await new Promise((resolve) => setImmediate(resolve));
  const files = {
    'index.js': `const fs = require('fs'); const folder = '/var/runtime/node_modules/.code-cache/';
      const attempt = (act) => { try { act(); return 'done'; } catch (error) { return error.code; } };
      exports.handler = async () => { const file = folder + fs.readdirSync(folder)[0];
        return [() => fs.writeFileSync(file, 'x'), () => fs.unlinkSync(file), () => fs.writeFileSync(folder + 'more', 'x'), () => fs.renameSync(file, file + 'x')].map(attempt); };`,
  };
  const outcomes = (await (await start({ runtime: node, files })).call()) as string[];
  assert.equal(outcomes.length, 4);
  assert.ok(outcomes.every((code) => code === 'EROFS' || code === 'EACCES'), outcomes.join());
});

test('a function whose own package brings a client compiles that one, and is warned by it', async (t) => {
  const sdk = fakeSdk(t);
  const { start } = await openTestSandbox(sdk.options);
  await (await start({ runtime: node, files: { 'index.js': handler } })).call();
  const own = { 'node_modules/@aws-sdk/client-s3/index.js': 'exports.warnings = process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ?? "heard";' };
  const files = { 'index.js': `exports.handler = async () => require('@aws-sdk/client-s3').warnings;`, ...own };
  assert.equal(await (await start({ runtime: node, files })).call(), 'heard');
});

test('openCodeCaches keeps nothing of a result that is not whole', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'haneul-code-cache-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  for (const name of ['sdk', 'runtime', 'bin']) mkdirSync(join(home, name));
  mkdirSync(join(home, 'runtime', 'node_modules'));
  writeFileSync(join(home, 'runtime', 'buildCodeCache.cjs'), `require('fs').writeSync(3, Buffer.from([2, 0, 0, 0, 123, 125, 7]))`);
  const logs: LogRecord[] = [];
  const { sandbox } = await openTestSandbox();
  const isConfined = sandbox.guarantees.some(({ name, on }) => name.startsWith('functions see only') && on);
  if (!isConfined && process.getuid?.() === 0) return t.skip('not run: root makes none without bubblewrap');
  const log = createLogger((record) => logs.push(record), 'debug');
  const caches = openCodeCaches({ environment: process.env, isRoot: process.getuid?.() === 0, isConfined, runtimeFolder: join(home, 'runtime'), random: cryptoRandom, log });
  const path = process.execPath;
  await caches.ensure(join(home, 'sdk'), { family: 'node', version: process.versions.node, path, extraPaths: path.startsWith('/usr/') ? [] : [path] });
  assert.match(String(logs[0]?.fields['error']), /not whole/);
  assert.deepEqual(readdirSync(join(home, 'sdk')), []);
});

test('the bootstraps know the name under which compiled code is kept', () => {
  const text = readFileSync(join(packageRoot, 'src/sandbox/bootstraps/node/codeCache.cjs'), 'utf8');
  assert.ok(text.includes('`.code-cache/node-${process.versions.node}-${process.arch}.bin`'));
});
