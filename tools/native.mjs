// `node tools/native.mjs [--musl-arm64 FOLDER]`: builds the sandbox's helper from src/sandbox/native/*.c and records what it was
// built from. x86-64 needs `musl-gcc` (Debian: musl-tools); arm64 needs `aarch64-linux-gnu-gcc` (gcc-aarch64-linux-gnu) and
// FOLDER, an unpacked musl-dev package of that architecture. An architecture whose compiler is absent is left as it is.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'sandbox', 'native');
const recordFile = join(folder, 'prebuilt', 'record.json');
const flags = ['-static', '-Os', '-s', '-std=c11', '-Wall', '-Wextra', '-Werror', '-ffile-prefix-map=.=', '-Wl,--build-id=none'];

const { values } = parseArgs({ options: { 'musl-arm64': { type: 'string' }, out: { type: 'string' } } });
const sources = readdirSync(folder).filter((name) => /\.[ch]$/.test(name)).sort();
const programs = sources.filter((name) => name.endsWith('.c'));
const sourceHash = hash(...sources.map((name) => readFileSync(join(folder, name))));
const record = JSON.parse(readFileSync(recordFile, { encoding: 'utf8', flag: 'a+' }) || '{}');

for (const [architecture, command] of Object.entries({ x64: x64Command(), arm64: arm64Command(values['musl-arm64']) })) {
  if (command === undefined) continue;
  const target = join(values.out ?? join(folder, 'prebuilt'), architecture, 'haneul-helper');
  mkdirSync(dirname(target), { recursive: true });
  execFileSync(command[0], [...command.slice(1), '-o', target], { cwd: folder, stdio: 'inherit' });
  if (values.out === undefined) record[architecture] = { source: sourceHash, sha256: hash(readFileSync(target)) };
  process.stdout.write(`haneul: built ${architecture}\n`);
}
// What copies initialised processes reads and writes registers: x86-64 only.
const cloneSources = ['place.h', 'place.c', 'snapshot/clone.c'];
if (x64Command() !== undefined) {
  const target = join(values.out ?? join(folder, 'prebuilt'), 'x64', 'haneul-clone');
  execFileSync('musl-gcc', [...flags, ...cloneSources.filter((name) => name.endsWith('.c')), '-o', target], { cwd: folder, stdio: 'inherit' });
  const built = { x64: { source: hash(...cloneSources.map((name) => readFileSync(join(folder, name)))), sha256: hash(readFileSync(target)) } };
  if (values.out === undefined) writeFileSync(join(folder, 'prebuilt', 'clone.json'), `${JSON.stringify(built, null, 2)}\n`);
}
if (values.out === undefined) writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);

function x64Command() {
  return process.arch === 'x64' && has('musl-gcc') ? ['musl-gcc', ...flags, ...programs] : undefined;
}

function arm64Command(musl) {
  const compiler = 'aarch64-linux-gnu-gcc';
  if (musl === undefined || !has(compiler)) return undefined;
  const library = join(musl, 'usr', 'lib', 'aarch64-linux-musl');
  const ask = (question) => execFileSync(compiler, [question], { encoding: 'utf8' }).trim();
  const files = (...names) => names.map((name) => join(library, name));
  return [
    compiler, ...flags, '-mno-outline-atomics', '-nostdinc', '-isystem', join(musl, 'usr', 'include', 'aarch64-linux-musl'), '-isystem', ask('-print-file-name=include'),
    '-nostdlib', '-nostartfiles', ...files('crt1.o', 'crti.o'), ...programs, ...files('libc.a'), ask('-print-libgcc-file-name'), ...files('libc.a', 'crtn.o'),
  ];
}

function has(program) {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function hash(...parts) {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part).update('\0');
  return digest.digest('hex');
}
