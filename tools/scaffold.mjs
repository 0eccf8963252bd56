// `npm run scaffold -- SERVICE OPERATION`: begins an operation that the model knows and the service does not have yet. Writes
// operations/<operation>.ts and its test, and registers it in service.ts. A service that is not there yet is begun first,
// from services/hello-world. Plain JavaScript: it runs without a build.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const usage = 'usage: npm run scaffold -- SERVICE OPERATION, for example: npm run scaffold -- sqs SendMessage';

/** Writes what is missing below `root` and returns the paths, relative to it, in the order of the work to do. */
export function scaffold(root, service, operation) {
  if (!service || !operation) throw new Error(usage);
  const model = readModel(root, service);
  requireOperation(model, operation);
  const folder = join('src/services', service);
  const written = [];
  const write = (path, text) => {
    if (existsSync(join(root, path))) throw new Error(`${path} is there already; nothing was changed`);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    written.push(path);
  };
  const name = lowerFirst(operation);
  const paths = { operation: join(folder, 'operations', `${name}.ts`), test: join(folder, 'operations', `${name}.test.ts`) };
  for (const path of Object.values(paths)) {
    if (existsSync(join(root, path))) throw new Error(`${path} is there already; nothing was changed`);
  }
  if (!existsSync(join(root, folder, 'service.ts'))) for (const [path, text] of serviceFiles(model)) write(join(folder, path), text);
  const manifest = join(folder, 'service.ts');
  const registered = register(readFileSync(join(root, manifest), 'utf8'), operation);
  write(paths.operation, operationFile(model, operation));
  write(paths.test, testFile(operation));
  writeFileSync(join(root, manifest), registered);
  return [...written, manifest];
}

function readModel(root, service) {
  // The template's model lies beside it: what is in src/model is served to clients.
  // index.json lists the models and is none.
  const paths = service === 'index' ? [] : [join(root, 'src/model', `${service}.json`), join(root, 'src/services', service, 'model.json')];
  const path = paths.find((candidate) => existsSync(candidate));
  if (path) return JSON.parse(readFileSync(path, 'utf8'));
  const known = readdirSync(join(root, 'src/model')).map((name) => name.replace(/\.json$/, '')).filter((name) => name !== 'index');
  throw new Error(`there is no src/model/${service}.json; models there are: ${known.join(', ')}\n${usage}`);
}

function requireOperation({ id, operations }, operation) {
  if (Object.hasOwn(operations, operation)) return;
  const wanted = operation.toLowerCase();
  const similar = Object.keys(operations).filter((name) => name.toLowerCase().includes(wanted) || wanted.includes(name.toLowerCase()));
  const hint = similar.length > 0 ? `; did you mean ${similar.join(' or ')}?` : '';
  throw new Error(`the model of ${id} has no operation ${operation}${hint}`);
}

/** The manifest with one more import and one more entry, both in the order of the alphabet among their like. */
function register(manifest, operation) {
  const name = lowerFirst(operation);
  const lines = manifest.split('\n');
  const start = lines.findIndex((line) => line.trim().startsWith('operations: {'));
  const end = lines.findIndex((line, at) => at > start && line === '  },');
  if (start === -1 || end === -1) throw new Error('service.ts has no list of the form "operations: {" … "  },"');
  if (lines.some((line) => line.trim().startsWith(`${operation}:`))) throw new Error(`${operation} is in service.ts already`);
  insertSorted(lines, start + 1, end, `    ${operation}: ${name},`, (line) => /^ {4}[A-Z]/.test(line));
  const isImport = (line) => line.startsWith('import ');
  const lastImport = lines.findLastIndex(isImport);
  insertSorted(lines, 0, lastImport + 1, `import { ${name} } from './operations/${name}.ts';`, (line) => line.includes("'./operations/"));
  return lines.join('\n');
}

function insertSorted(lines, from, to, line, isLike) {
  let at = to;
  while (at > from && !(isLike(lines[at - 1]) && lines[at - 1] < line)) at -= 1;
  // Before all of its like: in front of the first of them, else at the end.
  if (at === from) {
    const first = lines.findIndex((other, index) => index >= from && index < to && isLike(other));
    at = first === -1 ? to : first;
  }
  lines.splice(at, 0, line);
}

function operationFile({ id, operations, shapes }, operation) {
  const { in: input, errors = [] } = operations[operation];
  const shape = input ? shapes[input] : undefined;
  const required = shape?.r ?? [];
  const optional = Object.keys(shape?.m ?? {}).filter((member) => !required.includes(member));
  const facts = [
    required.length > 0 ? `// Required: ${required.join(', ')}.` : '',
    optional.length > 0 ? `// Optional, each to be done or refused: ${optional.join(', ')}.` : '',
    errors.length > 0 ? `// Errors of the model: ${errors.join(', ')}.` : '',
  ].filter((line) => line !== '');
  return `import { InvariantError } from '../../../base/errors.ts';
import { operation } from '../operation.ts';

${facts.map((line) => `${line}\n`).join('')}export const ${lowerFirst(operation)} = operation('${operation}', {
  access: () => ({ action: '${id}:${operation}', resource: '*' }),
  async handle() {
    throw new InvariantError('${operation} has been scaffolded, not written');
  },
});
`;
}

function testFile(operation) {
  const name = lowerFirst(operation);
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';

test('${name} does what the vendor says it does', () => {
  assert.fail('write this test: what goes in, what comes out, what is refused and in which words');
});
`;
}

/** What a service of AWS begins with. The types of its operations come from its client package. */
function serviceFiles({ id, sdkId, fullName = sdkId, protocols }) {
  const camel = id.replace(/[-.](.)/g, (_, letter) => letter.toUpperCase());
  const deps = `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Deps`;
  const client = `@aws-sdk/client-${sdkId.toLowerCase().replaceAll(' ', '-')}`;
  return [
    [
      'service.ts',
      `import { defineService } from '../../framework/service.ts';
import type { ${deps} } from './operation.ts';

/** ${fullName} (${protocols.join(', ')}). */
export const ${camel} = defineService<${deps}>({
  id: '${id}',
  validationErrorCode: 'ValidationException',
  operations: {
  },
});
`,
    ],
    [
      'operation.ts',
      `import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';

/** What every operation of the service may use. */
export interface ${deps} {
  readonly store: Store;
}

export const operation = operationsOf<typeof import('${client}'), ${deps}>();
`,
    ],
    ['README.md', `# ${fullName}\n\nScope, storage layout, limits and known deviations.\n`],
  ];
}

function lowerFirst(name) {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  try {
    const written = scaffold(root, ...process.argv.slice(2));
    const next = `Next: fill in the operation and its test (docs/adding-an-operation.md), then npm test -- ${dirname(written.at(-1))}`;
    process.stdout.write(`${written.join('\n')}\n\n${next}\n`);
  } catch (error) {
    process.stderr.write(`scaffold: ${error.message}\n`);
    process.exit(1);
  }
}
