// Brings a checkout to the point where it can run: installs packages when the lock file changed, builds when a source
// is newer than the last build. Plain JavaScript, because it runs before anything has been built.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installStamp = join(root, 'node_modules', '.haneul-installed');
const buildStamp = join(root, 'dist', '.built');
const sourceFolders = ['src', 'test', 'bench', 'tools'];

/** Installs and builds what is missing or stale. Says what it does on stderr, and nothing when there is nothing to do. */
export function prepare({ check = false } = {}) {
  requireNode(20, 15);
  install();
  build({ check });
}

function requireNode(major, minor) {
  const [haveMajor = 0, haveMinor = 0] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  fail(`Haneul needs Node.js ${major}.${minor} or newer; this is ${process.version}.`);
}

function install() {
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  if (existsSync(installStamp) && readFileSync(installStamp, 'utf8') === lock) return;
  say('installing packages (once per change of package-lock.json) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installStamp, lock);
}

/** Without `check` the build only strips types: a type error is the tests' business, not a newcomer's first start. */
function build({ check }) {
  const newest = Math.max(newestChange(join(root, 'tsconfig.json')), ...sourceFolders.map((folder) => newestChange(join(root, folder))));
  if (!check && existsSync(buildStamp) && statSync(buildStamp).mtimeMs >= newest) return;
  const removed = removeOrphans();
  say(check ? 'checking types and building …' : 'building …');
  if (removed > 0) say(`removed ${removed} outputs whose source is gone`);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [compiler, '-p', root, ...(check ? [] : ['--noCheck'])]);
  mkdirSync(dirname(buildStamp), { recursive: true });
  writeFileSync(buildStamp, '');
}

function newestChange(path) {
  if (!existsSync(path)) return 0;
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestChange(join(path, name))), status.mtimeMs);
}

// A deleted test must not go on running from its old output.
function removeOrphans() {
  const output = join(root, 'dist');
  if (!existsSync(output)) return 0;
  let removed = 0;
  for (const entry of readdirSync(output, { recursive: true })) {
    const match = /^(.*)\.(js|d\.ts|js\.map)$/.exec(entry);
    if (!match || existsSync(join(root, `${match[1]}.ts`))) continue;
    rmSync(join(output, entry), { force: true });
    if (match[2] === 'js') removed += 1;
  }
  return removed;
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) fail(`${command} ${args[0]} failed (exit code ${result.status}).`);
}

function say(text) {
  process.stderr.write(`haneul: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`haneul: ${text}\n`);
  process.exit(1);
}
