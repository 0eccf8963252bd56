// What `npm pack` gives is what a user gets: it installs into a folder of its own, without a compiler, and runs there.
import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { createExecutionRole, createFunction, invoke } from '../support/functions.ts';
import { baseEnvironment, fullEnvironment, runCommand } from '../support/runCommand.ts';
import { sdkClients } from '../support/sdkClients.ts';
import { startServerProcess } from '../support/serverProcess.ts';

const packedBytesMax = 2 * 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'haneul-package-'));
const checkout = join(folder, 'checkout');
const app = join(folder, 'app');
const installed = join(app, 'node_modules', 'haneul');
let packed: { readonly filename: string; readonly size: number; readonly files: readonly { readonly path: string; readonly mode: number }[] };
let missing: string | undefined;

before(async () => {
  // A copy: packing rewrites outputs, and other tests run from those of this checkout.
  for (const name of ['src', 'test', 'bench', 'tools', 'package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE', 'NOTICE', 'CHANGELOG.md']) {
    cpSync(join(packageRoot, name), join(checkout, name), { recursive: true });
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(checkout, 'node_modules'));
  const { exitCode, stdout, stderr } = await runCommand('npm', ['pack', '--json', '--pack-destination', folder], { env: fullEnvironment(), folder: checkout, timeoutMs: 120_000 });
  assert.equal(exitCode, 0, stderr);
  [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [typeof packed];
  missing = await install();
});

after(() => rmSync(folder, { recursive: true, force: true }));

async function install(): Promise<string | undefined> {
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  const bin = withoutCompilers();
  const args = ['install', '--prefer-offline', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error', join(folder, packed.filename)];
  const result = await runCommand('npm', args, { env: { ...fullEnvironment(), PATH: bin }, folder: app, timeoutMs: 180_000 });
  if (result.exitCode === 0) return undefined;
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network/i.exec(result.stderr);
  assert.ok(offline, result.stderr);
  return `packages could not be fetched (${offline[0]})`;
}

/** A folder for PATH that has what npm needs and nothing that could compile. */
function withoutCompilers(): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['node', 'npm', 'sh', 'env', 'tar', 'gzip', 'uname']) {
    const path = (process.env['PATH'] ?? '').split(':').map((place) => join(place, name)).find((candidate) => existsSync(candidate));
    if (path !== undefined) symlinkSync(path, join(bin, name));
  }
  return bin;
}

function installedFiles(): string[] {
  return readdirSync(installed, { recursive: true }).map(String);
}

test('the package is small and holds no test, no source map and no pointer to one', (t) => {
  t.diagnostic(`${Math.round(packed.size / 1024)} KB packed, ${packed.files.length} files`);
  assert.ok(packed.size < packedBytesMax, `${packed.size} bytes`);
  const foreign = packed.files.filter(({ path }) => /\.test\.|\.map$|(^|\/)(test|testing|tools|bench|suite|hello-world)\/|\.tsbuildinfo|(^|\/)(fake|test)[A-Z]/.test(path.replace('/operations/test', '/')));
  assert.deepEqual(foreign, []);
  assert.deepEqual(packed.files.filter(({ path }) => path.endsWith('.ts') && !path.endsWith('.d.ts')), []);
  const program = packed.files.find(({ path }) => path === 'dist/program/main.js');
  assert.equal((program?.mode ?? 0) & 0o111, 0o111);
  assert.match(readFileSync(join(checkout, 'dist/program/main.js'), 'utf8'), /^#!\/usr\/bin\/env node\n/);
  for (const { path } of packed.files) {
    if (path.endsWith('.js')) assert.doesNotMatch(readFileSync(join(checkout, path), 'utf8'), /^\/\/# sourceMappingURL/m, path);
  }
});

test('the package holds every file that the program reads besides its code', () => {
  const wanted = readdirSync(join(checkout, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(ts|md|pyc|c|h)$/.test(entry.name))
    .map((entry) => relative(checkout, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('hello-world'));
  assert.ok(wanted.length > 30);
  const held = new Set(packed.files.map(({ path }) => path));
  assert.deepEqual(wanted.filter((path) => !held.has(path)), []);
});

test('the package brings no development dependency, and its program answers', async (t) => {
  if (missing !== undefined) return t.skip(missing);
  const packages = readdirSync(join(app, 'node_modules'));
  for (const name of ['typescript', '@aws-sdk', '@types', 'fflate']) assert.ok(!packages.includes(name), name);
  assert.ok(installedFiles().includes(join('dist', 'program', 'main.js')));
  const { exitCode, stdout } = await runCommand('npx', ['--no-install', 'haneul', '--version'], { env: fullEnvironment(), folder: app });
  assert.deepEqual([exitCode, stdout.trim()], [0, (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version]);
});

test('the installed program runs a function', async (t) => {
  if (missing !== undefined) return t.skip(missing);
  // A package may be installed by somebody else and not be writable for who runs it.
  const server = await startServerProcess({ program: join(app, 'node_modules', '.bin', 'haneul') });
  const aws = sdkClients(server.endpoint);
  try {
    const files = { 'index.mjs': 'export const handler = async ({ name }) => `hello ${name}`;' };
    const name = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files });
    assert.equal((await invoke(aws.lambda, name, { name: 'sky' })).payload, 'hello sky');
  } finally {
    aws.destroy();
    assert.equal(await server.stop(), 0);
  }
});

const script = `import { startHaneul, type Haneul, type HaneulOptions } from 'haneul';

const options: HaneulOptions = { auth: 'local', iam: 'audit' };
const haneul: Haneul = await startHaneul(options);
const answer = await fetch(new URL('/_haneul/health', haneul.endpoint));
const before: number = haneul.clock.now();
await haneul.clock.advance(60_000);
console.log(answer.status, haneul.clock.now() - before >= 60_000);
await haneul.stop();
`;

test('a script imports startHaneul with its types', async (t) => {
  if (missing !== undefined) return t.skip(missing);
  writeFileSync(join(app, 'script.ts'), script);
  writeFileSync(join(app, 'wrong.ts'), script.replace("auth: 'local'", "auth: 'loose'"));
  const check = async (file: string) => {
    const options = ['--strict', '--target', 'es2023', '--module', 'nodenext', '--skipLibCheck', 'false', '--outDir', 'out', '--typeRoots', join(packageRoot, 'node_modules', '@types'), '--types', 'node'];
    return await runCommand(process.execPath, [join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc'), ...options, file], { folder: app });
  };
  const right = await check('script.ts');
  assert.equal(right.exitCode, 0, right.stdout);
  assert.match((await check('wrong.ts')).stdout, /wrong\.ts.*'"loose"' is not assignable/);
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, ['out/script.js'], { env: baseEnvironment(), folder: app });
  assert.deepEqual([exitCode, stdout.trim()], [0, '200 true'], stderr);
});

test('the installed package is never written to', async (t) => {
  if (missing !== undefined) return t.skip(missing);
  const stamp = (): string => installedFiles().map((name) => `${name} ${statSync(join(installed, name)).mtimeMs}`).sort().join('\n');
  const before = stamp();
  chmodSync(installed, 0o555);
  const server = await startServerProcess({ program: join(app, 'node_modules', '.bin', 'haneul') });
  assert.equal(await server.stop(), 0);
  chmodSync(installed, 0o755);
  assert.equal(stamp(), before);
});
