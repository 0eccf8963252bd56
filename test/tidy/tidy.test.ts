import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import {
  findBadNames,
  findBrokenLinks,
  findHeaderlessModel,
  findLoosePackages,
  findMachinePaths,
  findUntestedOperations,
} from './rules/files.ts';
import { findCycles, findDeadFiles, findLayerViolations, findPackageViolations, publicNames } from './rules/imports.ts';
import { findAmbientUse, findBarrels, findLanguageUse, findSilencedTests, findUndocumented } from './rules/language.ts';
import { findOversize } from './rules/sizes.ts';
import { listFiles, withSources, type Finding } from './sources.ts';
import { undocumented } from './undocumented.ts';

const paths = listFiles(packageRoot);
const isText = (path: string): boolean => /\.(ts|mjs|js|cjs|json|md|txt|ya?ml|sh|py|c|toml)$/.test(path) || /(^|\/)(LICENSE|NOTICE|run|\.npmrc|\.gitignore)$/.test(path);
const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

function assertNone(findings: readonly Finding[]): void {
  const lines = findings.map(({ path, line, message }) => `  ${path}:${line} ${message}`);
  assert.ok(lines.length === 0, `\n${lines.join('\n')}\n`);
}

withSources(packageRoot, paths.filter((path) => !path.includes('fixtures/')), (units) => {
  const results: Readonly<Record<string, readonly Finding[]>> = {
    'imports follow the layers': findLayerViolations(units),
    'packages are loaded only where they are at home': findPackageViolations(units),
    'imports never go in a circle': findCycles(units),
    'files and functions stay readable in one go': units.flatMap(findOversize),
    'time, chance, output and settings come as arguments': units.flatMap(findAmbientUse),
    'the language is used without any, !, enum, namespace and default exports': units.flatMap(findLanguageUse),
    'no file only passes on what others export': units.flatMap(findBarrels),
    'no test silences another, and a skipped one says why': units.flatMap(findSilencedTests),
  };
  test('tidy reads every TypeScript file of the project', () => {
    const wanted = paths.filter((path) => /^(src|test|bench|tools)\/.*(?<!\.d)\.ts$/.test(path) && !/fixtures\/|src\/sandbox\/bootstraps\//.test(path));
    assert.deepEqual(units.map((unit) => unit.path).sort(), wanted.sort());
  });
  for (const [name, findings] of Object.entries(results)) test(`tidy: ${name}`, () => assertNone(findings));
  const skip = existsSync(join(packageRoot, 'src/server/startHaneul.ts')) ? false : 'the server that wires the parts together is not here yet';
  const dead = findDeadFiles(units, isEntry);
  test('tidy: every file is reached from an entry point or a test', { skip }, () => assertNone(dead));
  const published = publicNames(units);
  const found = units.flatMap(findUndocumented).filter((name) => published.has(name));
  test('tidy: a function that another part imports says what it does', () => {
    assertNone(found.filter((name) => !undocumented.includes(name)).map((name) => ({ path: name, line: 1, message: 'needs a doc comment' })));
    assertNone(undocumented.filter((name) => !found.includes(name)).map((name) => ({ path: name, line: 1, message: 'is documented now: take it off undocumented.ts' })));
  });
});

function isEntry(path: string): boolean {
  return path === 'src/cli/main.ts' || path === 'src/server/startHaneul.ts' || path.endsWith('.test.ts') || /^(bench|tools)\//.test(path);
}

test('tidy: files and folders have names that say something', () => assertNone(findBadNames(paths)));
test('tidy: every operation has its test beside it', () => assertNone(findUntestedOperations(paths)));
test('tidy: no committed file names a place of one machine', () => assertNone(paths.filter(isText).flatMap((path) => findMachinePaths(path, read(path)))));
test('tidy: package versions are exact and come from the public registry', () => assertNone(findLoosePackages(read('package.json'), read('package-lock.json'))));
test('tidy: links in the documentation resolve', () => {
  const exists = (path: string): boolean => existsSync(join(packageRoot, path));
  assertNone(paths.filter((path) => path.endsWith('.md')).flatMap((path) => findBrokenLinks(path, read(path), exists, read)));
});
test('tidy: generated models say from what they were made', () => {
  assertNone(paths.filter((path) => /^src\/model\/.*\.json$/.test(path)).flatMap((path) => findHeaderlessModel(path, read(path))));
});
