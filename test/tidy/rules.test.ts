// Each rule is seen to fail on a made-up bad sample, and to be silent about a good one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBadNames, findBrokenLinks, findHeaderlessModel, findLoosePackages, findMachinePaths, findUntestedOperations } from './rules/files.ts';
import { findCycles, findDeadFiles, findLayerViolations, findPackageViolations, publicNames } from './rules/imports.ts';
import { findAmbientUse, findBarrels, findLanguageUse, findSilencedTests, findUndocumented } from './rules/language.ts';
import { findOversize } from './rules/sizes.ts';
import { withSamples, type Finding, type SourceUnit } from './sources.ts';

type Samples = Readonly<Record<string, string>>;

const messages = (findings: readonly Finding[]): string[] => findings.map(({ path, line, message }) => `${path}:${line} ${message}`);
const perUnit = (rule: (unit: SourceUnit) => Finding[], samples: Samples): string[] => withSamples(samples, (units) => messages(units.flatMap(rule)));
const together = (rule: (units: readonly SourceUnit[]) => Finding[], samples: Samples): string[] => withSamples(samples, (units) => messages(rule(units)));

test('findLayerViolations names an import against the order, of whatever form', () => {
  const found = together(findLayerViolations, {
    'src/base/a.ts': `import type { B } from '../kv/b.ts';\nexport type { C } from '../wire/c.ts';\ntype D = import('../ports/d.ts').D;\nawait import('../policy/e.ts');`,
    'src/services/sqs/x.ts': `import { y } from '../sns/y.ts';\nimport { w } from '../../wire/w.ts';\nimport { p } from '../../ports/p.ts';`,
    'src/services/sqs/z.ts': `import { s } from '../../sandbox/s.ts';\nimport { x } from './x.ts';`,
    'src/services/lambda/z.ts': `import { s } from '../../sandbox/s.ts';`,
    'src/kv/store.ts': `import { l } from './drivers/embedded/l.ts';`,
    'src/server/compose.ts': `import { l } from '../kv/drivers/embedded/l.ts';`,
  });
  assert.deepEqual(found.map((line) => line.split(' ')[0]), [
    'src/base/a.ts:1',
    'src/base/a.ts:2',
    'src/base/a.ts:3',
    'src/base/a.ts:4',
    'src/services/sqs/x.ts:1',
    'src/services/sqs/x.ts:2',
    'src/services/sqs/z.ts:1',
    'src/kv/store.ts:1',
  ]);
  assert.match(found[4] ?? '', /one service may not import another: ask through ports/);
});

test('findLayerViolations lets a test use the memory engine, and product code not use test/', () => {
  const found = together(findLayerViolations, {
    'src/services/sqs/x.test.ts': `import { m } from '../../kv/drivers/memory/m.ts';\nimport { s } from '../../../test/support/s.ts';`,
    'src/services/sqs/y.ts': `import { s } from '../../../test/support/s.ts';`,
  });
  assert.deepEqual(found, ['src/services/sqs/y.ts:1 src/ may not import test/support/s.ts']);
});

test('findPackageViolations lets nobody load an SDK, and a driver only at home', () => {
  const found = together(findPackageViolations, {
    'src/services/sqs/a.ts': `import { SQS } from '@aws-sdk/client-sqs';\nimport type { S3 } from '@aws-sdk/client-sqs';\nimport { open } from 'lmdb';`,
    'src/kv/drivers/embedded/b.ts': `import { open } from 'lmdb';`,
    'src/services/sqs/a.test.ts': `import { SQS } from '@aws-sdk/client-sqs';`,
  });
  assert.deepEqual(found.map((line) => line.split(' ')[0]), ['src/services/sqs/a.ts:1', 'src/services/sqs/a.ts:3']);
});

test('findCycles shows the whole circle', () => {
  const found = together(findCycles, { 'src/a.ts': `import './b.ts';`, 'src/b.ts': `import './c.ts';`, 'src/c.ts': `import { b } from './b.ts';\nimport type { A } from './a.ts';` });
  assert.deepEqual(found, ['src/b.ts:1 imports go in a circle: src/b.ts -> src/c.ts -> src/b.ts']);
});

test('findDeadFiles names what no entry reaches, and follows file names of workers', () => {
  const samples = {
    'src/cli/main.ts': `import './a.ts';`,
    'src/cli/a.ts': `const w = new URL('./worker.js', import.meta.url);`,
    'src/cli/worker.ts': '',
    'src/cli/dead.ts': '',
  };
  const found = together((units) => findDeadFiles(units, (path) => path === 'src/cli/main.ts'), samples);
  assert.deepEqual(found, ['src/cli/dead.ts:1 nothing imports this file: delete it, or wire it in']);
});

test('findOversize names a long file, a long function and a service manifest with code in it', () => {
  const lines = (count: number): string => '  f();\n'.repeat(count);
  const found = perUnit(findOversize, {
    'src/base/long.ts': lines(451),
    'src/base/fits.ts': lines(450),
    'src/base/function.ts': `export const f = () => {\n${lines(69)}};\nexport class C {\n  m() {\n${lines(68)}  }\n}\n`,
    'src/services/sqs/service.ts': lines(81),
    'src/kv/suite.ts': `export function suite() {\n  test('a', () => {\n${lines(70)}  });\n  test('b', () => {\n${lines(60)}  });\n}\n`,
  });
  assert.deepEqual(found.map((line) => line.replace(/;.*/, '')), [
    'src/base/long.ts:1 451 lines',
    'src/base/function.ts:1 a function of 71 lines',
    'src/services/sqs/service.ts:1 81 lines',
    'src/kv/suite.ts:2 a function of 72 lines',
  ]);
});

test('findAmbientUse names each ban with what to use instead, outside base, server and cli only', () => {
  const bad = [
    'Date.now();',
    'new Date();',
    'setTimeout(f, 1);',
    'setInterval(f, 1);',
    'Math.random();',
    'console.log(1);',
    "process.env['A'];",
    'new Date(1);',
    "const text = 'Date.now() setTimeout(';",
  ].join('\n');
  const found = perUnit(findAmbientUse, { 'src/kv/a.ts': bad, 'src/base/a.ts': bad, 'src/server/a.ts': bad, 'src/cli/a.ts': bad, 'test/a.test.ts': bad });
  assert.deepEqual(found.map((line) => line.split(' ')[0]), [1, 2, 3, 4, 5, 6, 7].map((line) => `src/kv/a.ts:${line}`).concat('test/a.test.ts:5'));
  assert.match(found[0] ?? '', /take a Clock/);
  assert.match(found[4] ?? '', /take a Random/);
});

test('findLanguageUse names any, !, enum, namespace, default export and silenced types', () => {
  const bad = ['let a: any;', 'b!.c;', 'enum E { A }', 'namespace N {}', 'export default function f() {}', 'let d!: string;', `// ${'@ts-ignore'}`].join('\n');
  const found = perUnit(findLanguageUse, { 'src/kv/a.ts': bad, 'src/kv/b.ts': 'const many = 1 !== two; // any ! enum default\nexport default 1;' });
  assert.deepEqual(found.map((line) => line.split(':')[1]?.replace(/^\d+ /, '')).slice(0, 6), [
    '`any`',
    'a non-null `!`',
    'an enum',
    'a namespace',
    'a default export',
    'definite assignment `!`',
  ]);
  assert.deepEqual(found.slice(6), ['src/kv/a.ts:1 @ts-ignore: mend the type instead', 'src/kv/b.ts:2 a default export: export by name']);
});

test('findBarrels names a file that only re-exports', () => {
  assert.equal(perUnit(findBarrels, { 'src/kv/index.ts': `export * from './a.ts';\nexport { b } from './b.ts';` }).length, 1);
  assert.equal(perUnit(findBarrels, { 'src/kv/a.ts': `export { b } from './b.ts';\nexport const c = 1;` }).length, 0);
});

test('findSilencedTests names .only and skips without a reason', () => {
  const text = `test.only('a', f);\ntest.skip('b', f);\ntest('c', { skip: true }, f);\ntest('d', { skip: 'no python3 here' }, f);`;
  assert.deepEqual(perUnit(findSilencedTests, { 'src/kv/a.test.ts': text }).map((line) => line.split(' ')[0]), [1, 2, 3].map((line) => `src/kv/a.test.ts:${line}`));
});

test('findUndocumented names exported functions without a comment, once per name', () => {
  const text = 'export function a() {}\n/** Says it. */\nexport function b(x: 1): void;\nexport function b(x: 2): void;\nexport function b(x: unknown) {}\nfunction c() {}';
  assert.deepEqual(withSamples({ 'src/kv/a.ts': text }, (units) => units.flatMap(findUndocumented)), ['src/kv/a.ts#a']);
});

test('publicNames are those that another layer or service imports, not tests and neighbours', () => {
  const names = withSamples(
    {
      'src/kv/a.ts': `import { b as c } from '../base/b.ts';\nimport { d } from './d.ts';`,
      'src/kv/a.test.ts': `import { e } from '../base/b.ts';`,
      'src/services/sqs/x.ts': `import { f } from '../sns/f.ts';`,
    },
    publicNames,
  );
  assert.deepEqual([...names], ['src/base/b.ts#b', 'src/services/sns/f.ts#f']);
});

test('findBadNames names empty, crooked and capitalised names', () => {
  const found = findBadNames(['src/utils/a.ts', 'src/base/Clock.ts', 'src/services/stepFunctions/a.ts', 'src/kv/optimisticStore.test.ts', 'test/fixtures/functions/x/Handler.ts']);
  assert.deepEqual(found.map(({ path }) => path), ['src/utils/a.ts', 'src/base/Clock.ts', 'src/services/stepFunctions/a.ts']);
});

test('findUntestedOperations names an operation that no test of its service names', () => {
  const folder = 'src/services/sqs/operations';
  const files: Record<string, string> = {
    [`${folder}/sendMessage.ts`]: `operation('SendMessage', {`,
    [`${folder}/tags.ts`]: `operation('TagQueue', {});\noperation(\n  'UntagQueue', {`,
    [`${folder}/messages.test.ts`]: `test('sendMessage works', () => call('TagQueue'));`,
    'src/services/sns/a.test.ts': `call('UntagQueue')`,
  };
  const found = findUntestedOperations(Object.keys(files), (path) => files[path] ?? '');
  assert.deepEqual(messages(found), [`${folder}/tags.ts:1 no test beside it names UntagQueue`]);
});

test('findMachinePaths names the line and the path', () => {
  assert.deepEqual(messages(findMachinePaths('docs/a.md', `fine\ncd ${'/home/'}ann/x`)), [`docs/a.md:2 a path of one machine: ${'/home/'}ann/`]);
  assert.deepEqual(findMachinePaths('docs/a.md', 'mounted at /var/task, /opt, /tmp and /root'), []);
});

test('findLoosePackages names ranges and other registries', () => {
  const manifest = JSON.stringify({ dependencies: { a: '^1.0.0', b: '1.0.0' }, devDependencies: { c: 'latest' } });
  const lock = '"resolved": "https://mirror.example/a.tgz"\n"resolved": "https://registry.npmjs.org/b.tgz"';
  assert.deepEqual(findLoosePackages(manifest, lock).map(({ message }) => message.split(':')[0]), ['a ^1.0.0', 'c latest', 'packages from https']);
});

test('findBrokenLinks checks files and headings, and leaves code alone', () => {
  const text = '[a](b.md#the-heading-42) [c](gone.md) [d](b.md#gone) [e](https://example.com) `[f](gone.md)`\n```\n[g](gone.md)\n```\n[h](#own)';
  const found = findBrokenLinks('docs/a.md', text, (path) => path !== 'docs/gone.md', (path) => (path === 'docs/b.md' ? '# x\n## The heading, 42' : '# own'));
  assert.deepEqual(found.map(({ message }) => message), ['a link to docs/gone.md, which does not exist', 'a link to #gone, which is no heading of docs/b.md']);
});

test('findHeaderlessModel wants the format and the source of a model', () => {
  assert.equal(findHeaderlessModel('src/model/a.json', '{"operations":{}}').length, 1);
  assert.equal(findHeaderlessModel('src/model/a.json', '{"format":1,\n"id":"a",\n"source":"botocore 1.44.5 a/2015"').length, 0);
});
