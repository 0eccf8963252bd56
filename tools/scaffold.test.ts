import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/base/packageRoot.ts';

type Scaffold = (root: string, service: string, operation: string) => readonly string[];
const { scaffold } = (await import(pathToFileURL(join(packageRoot, 'tools/scaffold.mjs')).href)) as { readonly scaffold: Scaffold };

function copyOfHelloWorld(context: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'haneul-scaffold-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  for (const path of ['src/model/sqs.json', 'src/services/hello-world']) {
    cpSync(join(packageRoot, path), join(root, path), { recursive: true });
  }
  return root;
}

test('scaffold writes an operation and its test, and registers it in the order of the alphabet', (context) => {
  const root = copyOfHelloWorld(context);
  const folder = 'src/services/hello-world';
  assert.deepEqual(scaffold(root, 'hello-world', 'DeleteGreeting'), [
    `${folder}/operations/deleteGreeting.ts`,
    `${folder}/operations/deleteGreeting.test.ts`,
    `${folder}/service.ts`,
  ]);
  const manifest = readFileSync(join(root, folder, 'service.ts'), 'utf8');
  assert.match(manifest, /deleteGreeting\.ts';\n.*greet\.ts';\n.*putGreeting\.ts';\n/);
  assert.match(manifest, /operations: \{\n {4}DeleteGreeting: deleteGreeting,\n {4}Greet: greet,\n {4}PutGreeting: putGreeting,\n {2}\},\n/);
  const operation = readFileSync(join(root, folder, 'operations/deleteGreeting.ts'), 'utf8');
  assert.match(operation, /Required: language\./);
  assert.match(operation, /Errors of the model: GreetingNotFoundException\./);
});

test('scaffold begins a service that is not there yet', (context) => {
  const root = copyOfHelloWorld(context);
  scaffold(root, 'sqs', 'SendMessage');
  scaffold(root, 'sqs', 'CreateQueue');
  const read = (name: string): string => readFileSync(join(root, 'src/services/sqs', name), 'utf8');
  assert.match(read('service.ts'), /CreateQueue: createQueue,\n {4}SendMessage: sendMessage,/);
  assert.match(read('operation.ts'), /typeof import\('@aws-sdk\/client-sqs'\), SqsDeps/);
});

test('scaffold changes nothing when the operation is there, or is not in the model', (context) => {
  const root = copyOfHelloWorld(context);
  const manifest = (): string => readFileSync(join(root, 'src/services/hello-world/service.ts'), 'utf8');
  const before = manifest();
  assert.throws(() => scaffold(root, 'hello-world', 'Greet'), /operations\/greet\.ts is there already; nothing was changed/);
  assert.throws(() => scaffold(root, 'hello-world', 'Greeting'), /did you mean .*Greet/);
  assert.throws(() => scaffold(root, 'helo', 'Greet'), /there is no src\/model\/helo\.json/);
  assert.equal(manifest(), before);
});
