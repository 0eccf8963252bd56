// Brings a checkout to the point where it can run: installs packages when the lock file changed, builds when a source
// changed. Plain JavaScript without packages, because it runs before anything has been installed or built.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { joinProgram, programFolder } from './join.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compilerState = join(root, 'dist', '.tsbuildinfo');
const compiled = { folders: ['src', 'test', 'bench', 'tools'], stamp: join(root, 'dist', '.built'), result: join(root, 'dist', 'src', 'cli', 'main.js'), make: compile };
const program = { folders: ['src'], stamp: join(root, programFolder, '.built'), result: join(root, programFolder, 'main.js'), make: () => joinProgram(root) };

/**
 * Installs and builds what is missing or stale. Says what it does on stderr, and nothing when there is nothing to do.
 * With `check` the types are checked as well. With `programOnly` nothing is compiled that only tests and tools need: a
 * newcomer's first start does without.
 */
export async function prepare({ check = false, programOnly = false } = {}) {
  requireNode(20, 15);
  const products = programOnly ? [program] : [compiled, program];
  const stale = products.filter((product) => (check && product === compiled) || !isBuilt(product, fingerprint(product)));
  if (isInstalled() && stale.length === 0) return;
  if (isInstalled() && !check && isReadOnly() && products.every(({ result }) => existsSync(result))) {
    say('this folder is read-only: running what was built last');
    return;
  }
  const unlock = await lock();
  try {
    if (!isInstalled()) await install();
    for (const product of stale) await build(product, check);
  } finally {
    unlock();
  }
}

function requireNode(major, minor) {
  const [haveMajor = 0, haveMinor = 0] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  fail(`Haneul needs Node.js ${major}.${minor} or newer; this is ${process.version}.`);
}

// npm describes what it has installed in a file that it writes last and removes first, so an interrupted installation never
// looks finished, and packages that somebody installed by hand, perhaps for a machine without network, count.
function isInstalled() {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const present = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const have = present[path];
    // Optional packages are those of other operating systems; npm leaves them out.
    if (!have) return entry.optional === true;
    return have.version === entry.version && have.integrity === entry.integrity && existsSync(join(root, path));
  });
}

async function install() {
  rmSync(join(root, 'node_modules', '.package-lock.json'), { force: true });
  const code = await runShowing('installing packages (once per change of package-lock.json)', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--progress=false']);
  if (code !== 0) fail(`npm ci failed (exit code ${code}). Without a network, bring node_modules from a machine that has one.`);
  if (!isInstalled()) fail('npm ci ended well, but node_modules does not match package-lock.json.');
}

function isBuilt({ stamp, result }, { signature, content }) {
  const before = readJson(stamp);
  if (!before || !existsSync(result)) return false;
  return before.signature === signature || before.content === content();
}

async function build(product, check) {
  const fresh = fingerprint(product);
  // Another process may have built it while this one waited.
  if (!check && isBuilt(product, fresh)) return;
  // Whatever interrupts this, the next run builds again.
  rmSync(product.stamp, { force: true });
  try {
    await product.make(check);
  } catch (error) {
    fail(`the build failed: ${error.message}`);
  }
  mkdirSync(dirname(product.stamp), { recursive: true });
  writeFileSync(product.stamp, JSON.stringify({ signature: fresh.signature, content: fresh.content() }));
}

async function compile(check) {
  // Outputs that somebody removed are missed by the compiler's own notes.
  if (!existsSync(compiled.result)) rmSync(compilerState, { force: true });
  const removed = removeOrphans();
  if (removed > 0) say(`removed ${removed} outputs whose source is gone`);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const code = await runShowing(check ? 'checking types and building' : 'building', process.execPath, [compiler, '-p', root, ...(check ? [] : ['--noCheck'])]);
  if (code !== 0) fail(check ? 'the types do not fit; see above.' : 'the build failed; see above.');
}

// Times and sizes are compared first; when they differ, contents decide. So neither a fresh copy of a built folder is built
// again, nor is a file missed that came with an old date.
function fingerprint({ folders }) {
  const files = ['tsconfig.json', 'tools/join.mjs', ...folders.flatMap((folder) => listSources(folder))];
  const stats = files.map((path) => {
    const { size, mtimeMs } = statSync(join(root, path));
    return `${path} ${size} ${mtimeMs}`;
  });
  const content = () => hash(files.map((path) => `${path} ${hash([readFileSync(join(root, path))])}`));
  return { signature: hash(stats), content };
}

function listSources(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return listSources(path);
      return entry.name.endsWith('.ts') ? [path] : [];
    });
}

function hash(parts) {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part).update('\n');
  return digest.digest('hex');
}

// A deleted test must not go on running from its old output.
function removeOrphans() {
  const output = join(root, 'dist');
  if (!existsSync(output)) return 0;
  let removed = 0;
  for (const entry of readdirSync(output, { recursive: true })) {
    // What is joined there has no source of its own, and is tidied by what joins it.
    if (entry.startsWith('program/')) continue;
    const match = /^(.*)\.(js|d\.ts|js\.map)$/.exec(entry);
    if (!match || existsSync(join(root, `${match[1]}.ts`))) continue;
    rmSync(join(output, entry), { force: true });
    if (match[2] === 'js') removed += 1;
  }
  return removed;
}

function isReadOnly() {
  const probe = join(root, `.haneul-probe-${process.pid}`);
  try {
    writeFileSync(probe, '');
    rmSync(probe);
    return false;
  } catch {
    return true;
  }
}

// `npm start` and `npm test` in two terminals, right after a clone, must not install into the same folder at once.
async function lock() {
  const path = join(root, '.cache', 'prepare.lock');
  try {
    mkdirSync(dirname(path), { recursive: true });
    for (let waited = false; !tryLock(path); waited = true) {
      if (!waited) say('waiting for another npm start or npm test in this folder …');
      await wait(200);
    }
  } catch (error) {
    fail(`${root} cannot be written: ${error.message}`);
  }
  const unlock = () => {
    process.off('exit', unlock);
    rmSync(path, { force: true });
  };
  process.on('exit', unlock);
  return unlock;
}

function tryLock(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const owner = Number(readText(path));
  if (isAlive(owner)) return false;
  // What a killed run left behind.
  rmSync(path, { force: true });
  return tryLock(path);
}

function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Runs a program with its output on stderr, and shows that it is still at work. Answers its exit code. */
function runShowing(text, command, args) {
  const startedMs = Date.now();
  const terminal = process.stderr.isTTY && process.env.CI === undefined;
  say(`${text} …`);
  const show = () => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    if (terminal) process.stderr.write(`\r\x1b[2Khaneul: ${text} … ${seconds} s`);
    else if (seconds % 15 === 0) say(`${text} … ${seconds} s`);
  };
  const ticker = setInterval(show, 1000);
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  // npm undoes what it has half done; leaving before it has ended would let the next run collide with it.
  let interruption;
  const onSignal = (signal) => {
    if (interruption === undefined) say('ending what was begun …');
    interruption = signal;
    child.kill(signal);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return new Promise((resolve) => {
    const finish = (code) => {
      clearInterval(ticker);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      if (terminal && Date.now() - startedMs >= 1000) process.stderr.write('\r\x1b[2K');
      // By the signal itself, as if nobody had listened: npm then reports no error of its own.
      if (interruption !== undefined) process.kill(process.pid, interruption);
      else resolve(code);
    };
    child.on('error', (error) => {
      say(`${command} could not be started: ${error.message}`);
      finish(127);
    });
    child.on('exit', (code, signal) => finish(code ?? signal));
  });
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function say(text) {
  process.stderr.write(`haneul: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`haneul: ${text}\n`);
  process.exit(1);
}
