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
import { exceptions } from './exceptions.ts';

const paths = listFiles(packageRoot);
const isText = (path: string): boolean => /\.(ts|mjs|js|cjs|json|md|txt|ya?ml|sh|py|c|toml)$/.test(path) || /(^|\/)(LICENSE|NOTICE|run|\.npmrc|\.gitignore)$/.test(path);
const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

/** Declares the test of one rule: it fails for every finding outside the known exceptions. */
function rule(title: string, find: () => readonly Finding[], options: { readonly skip?: string } = {}): void {
  test(`tidy: ${title}`, options, (context) => {
    const findings = find();
    const known = exceptions[title] ?? [];
    const mended = known.filter((path) => !findings.some((finding) => finding.path === path));
    for (const path of mended) context.diagnostic(`${path} keeps this rule now: take it off test/tidy/exceptions.ts`);
    const serious = findings.filter(({ path }) => !known.includes(path));
    if (serious.length === 0) return;
    const text = serious.map(({ path, line, message }) => `  ${path}:${line} ${message}`).join('\n');
    // Without a stack: the findings say where.
    throw Object.assign(new Error(text), { stack: `\n${text}\n` });
  });
}

withSources(packageRoot, paths.filter((path) => !path.includes('fixtures/')), (units) => {
  const results: Readonly<Record<string, readonly Finding[]>> = {
    'imports follow the layers': findLayerViolations(units),
    'packages are loaded only where they are at home': findPackageViolations(units),
    'imports never go in a circle': findCycles(units),
    'every file is reached from an entry point or a test': findDeadFiles(units, isEntry),
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
  for (const [title, findings] of Object.entries(results)) rule(title, () => findings);
  const published = publicNames(units);
  const undocumented = units.flatMap(findUndocumented).filter((name) => published.has(name));
  rule('a function that another part imports says what it does', () =>
    undocumented.map((name) => ({ path: name.replace(/#.*/, ''), line: 1, message: `${name.replace(/.*#/, '')} needs a doc comment` })),
  );
});

function isEntry(path: string): boolean {
  return path === 'src/cli/main.ts' || path === 'src/server/startHaneul.ts' || path.endsWith('.test.ts') || /^(bench|tools)\//.test(path);
}

rule('files and folders have names that say something', () => findBadNames(paths));
rule('every operation is named by a test beside it', () => findUntestedOperations(paths, read));
rule('no committed file names a place of one machine', () => paths.filter(isText).flatMap((path) => findMachinePaths(path, read(path))));
rule('package versions are exact and come from the public registry', () => findLoosePackages(read('package.json'), read('package-lock.json')));
rule('links in the documentation resolve', () => {
  const exists = (path: string): boolean => existsSync(join(packageRoot, path));
  return paths.filter((path) => path.endsWith('.md')).flatMap((path) => findBrokenLinks(path, read(path), exists, read));
});
rule('generated models say from what they were made', () =>
  paths.filter((path) => /^src\/model\/.*\.json$/.test(path)).flatMap((path) => findHeaderlessModel(path, read(path))),
);
