// `npm test [-- PATH …]`: prepares the checkout with a type check, then runs every `*.test.ts` (or those under PATH). Unit tests beside
// the sources share processes where nothing speaks against it (groupTests.mjs).
// What could not run here is listed at the end with its reason, and never counts as passed.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { groupTests, writeGroups } from './groupTests.mjs';
import { prepare, root } from './prepare.mjs';

// A file that hangs is ended, and named, before it costs the whole run.
const fileMsMax = 300_000;
const slowMs = 20_000;

await prepare({ check: true });
const wanted = process.argv.slice(2).map((path) => path.replace(/^\.\//, '').replace(/\.ts$/, ''));
const unknown = wanted.filter((path) => path.startsWith('-'));
if (unknown.length > 0) end(`npm test takes paths, not ${unknown.join(' ')}; for example: npm test -- src/cli`);
const names = ['src', 'test', 'tools']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name)))
  .filter((name) => name.endsWith('.test.ts') && !name.includes('fixtures'))
  .filter((name) => wanted.length === 0 || wanted.some((path) => name.startsWith(path)));
if (names.length === 0) end('no test file matches');
const outputOf = (name) => join(root, 'dist', name.replace(/\.ts$/, '.js'));
const groups = groupTests(root, names);
const outputs = writeGroups(root, groups, outputOf);
const membersOf = new Map(outputs.map((output, index) => [output, groups[index]]));
// Source maps turn some names back into those of the sources.
const nameOf = (file) => (membersOf.get(file)?.length > 1 ? membersOf.get(file).join(', ') : relative(root, file).replace(/^dist\//, '').replace(/\.js$/, '.ts'));

// Inherited by the process of each file.
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
const files = new Set(outputs);
const failures = [];
const skipped = [];
const slow = [];
let ran = 0;
const startedMs = Date.now();
// One more than there are cores: a third of the time of a run is spent waiting, for programs of others and for deadlines.
const stream = run({ files: [...files], concurrency: Math.max(2, availableParallelism()) + 1, timeout: fileMsMax });
stream.on('test:pass', (event) => note(event));
stream.on('test:fail', (event) => note(event, event.details.error));
stream.compose(new spec()).pipe(process.stdout);
// Written when everything else has been: whatever ended the run, the summary is its last word.
process.on('exit', summarise);

function note(event, error) {
  const { name, nesting, file, skip, todo, details } = event;
  // The process of a file is reported like a test of its own; only its failure and its time are of interest.
  const isFile = nesting === 0 && files.has(name);
  if (nesting === 0 && details.duration_ms > slowMs) slow.push(`${Math.round(details.duration_ms / 1000)} s  ${isFile ? nameOf(name) : name}`);
  // A test that holds failed tests fails because of them: only the innermost is named.
  if (error && error.failureType !== 'subtestsFailed') failures.push(isFile ? nameOf(name) : `${file ? `${nameOf(file)}  ` : ''}${name}`);
  if (isFile) return;
  if (skip !== undefined || todo !== undefined) skipped.push({ name, reason: reasonOf(skip ?? todo) });
  else if (details.type !== 'suite') ran += 1;
}

function reasonOf(mark) {
  return typeof mark === 'string' && mark !== '' ? mark.replace(/^not run: /, '') : 'no reason given';
}

function summarise() {
  const lines = [''];
  if (slow.length > 0) lines.push('slow:', ...slow.map((line) => `  ${line}`));
  for (const [reason, tests] of groupByReason()) lines.push(`not run: ${list(tests)}, because ${reason}`);
  if (failures.length > 0) lines.push('failed:', ...failures.map((line) => `  ${line}`));
  lines.push(`haneul: ${ran} tests ran in ${names.length} files, ${failures.length} failures, ${skipped.length} not run, ${Math.round((Date.now() - startedMs) / 1000)} s`);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (ran === 0) process.stderr.write('haneul: not a single test ran\n');
  process.exitCode = failures.length > 0 || ran === 0 ? 1 : 0;
}

function groupByReason() {
  const groups = new Map();
  for (const { name, reason } of skipped) groups.set(reason, [...(groups.get(reason) ?? []), name]);
  return groups;
}

function list(tests) {
  return tests.length <= 4 ? tests.join('; ') : `${tests.slice(0, 3).join('; ')} and ${tests.length - 3} more`;
}

function end(text) {
  process.stderr.write(`haneul: ${text}\n`);
  process.exit(1);
}
