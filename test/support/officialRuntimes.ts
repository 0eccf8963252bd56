// AWS's own runtime clients, each built from its package registry as its manual says, into a folder that is a function's package.
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { clientsFolder, installOnce, installStep, type Missing } from './installOnce.ts';
import { requirePythonPackages } from './pythonPackages.ts';
import { runCommand } from './runCommand.ts';

const fixtures = join(packageRoot, 'test', 'fixtures', 'functions');

/** Compiling them takes minutes: only when asked to, or where it was done before. */
const compiles = process.env['HANEUL_BUILD_CLIENTS'] === '1';
const notAsked = (what: string): Missing => ({ missing: `not run: ${what} is compiled for minutes; HANEUL_BUILD_CLIENTS=1 does that once` });

/** `aws-lambda-go`, as `bootstrap` without cgo. */
export async function requireGoFunction(): Promise<string | Missing> {
  if (!(await isThere('go', 'version'))) return { missing: 'not run: go is not installed' };
  const source = join(fixtures, 'go', 'hello');
  const modules = await installOnce(`go-function-${digestOf(source, ['go.sum'])}`, async () => void (await installStep('go', ['mod', 'download'], source)));
  if (typeof modules !== 'string') return modules;
  const folder = join(modules, digestOf(source, ['main.go', 'go.mod']));
  if (!existsSync(join(folder, 'bootstrap'))) {
    mkdirSync(folder, { recursive: true });
    await installStep('/usr/bin/env', ['CGO_ENABLED=0', 'go', 'build', '-trimpath', '-tags', 'lambda.norpc', '-ldflags', '-s -w', '-o', join(folder, 'bootstrap'), '.'], source);
  }
  return folder;
}

/** `lambda_runtime`. */
export async function requireRustFunction(): Promise<string | Missing> {
  const source = join(fixtures, 'rust', 'hello');
  const name = `rust-function-${digestOf(source, ['Cargo.toml', 'Cargo.lock', 'src/main.rs'])}`;
  if (!compiles && !existsSync(join(clientsFolder, name, '.complete'))) return notAsked('lambda_runtime');
  if (!(await isThere('cargo', '--version'))) return { missing: 'not run: cargo is not installed' };
  return installOnce(name, async (folder) => {
    const target = join(dirname(folder), 'rust-target');
    await installStep('cargo', ['build', '--release', '--locked', '--manifest-path', join(source, 'Cargo.toml'), '--target-dir', target], source);
    copyFileSync(join(target, 'release', 'bootstrap'), join(folder, 'bootstrap'));
  });
}

/** `awslambdaric`, started as the images of AWS start it. */
export async function requirePythonFunction(): Promise<string | Missing> {
  const python = await requirePythonPackages('awslambdaric', ['awslambdaric==4.2.2']);
  if (typeof python !== 'string') return python;
  const folder = join(dirname(dirname(dirname(python))), 'function');
  const [version = ''] = readdirSync(join(dirname(dirname(python)), 'lib'));
  cpSync(join(dirname(dirname(python)), 'lib', version, 'site-packages'), folder, { recursive: true, filter: (path) => !/\/(pip|setuptools|pkg_resources)(-[^/]*)?$/.test(path) });
  const handler = `import os
def handler(event, context):
    print("greeting", event["name"])
    if event.get("fail"):
        raise ValueError("no greeting for " + event["name"])
    return {"greeting": "hello " + event["name"], "requestId": context.aws_request_id, "arn": context.invoked_function_arn,
            "function": context.function_name, "region": os.environ.get("AWS_REGION"), "deadline": context.get_remaining_time_in_millis() > 0}
`;
  return writeFunction(folder, { 'app.py': handler, bootstrap: '#!/bin/sh\nexec /usr/bin/python3 -m awslambdaric "$_HANDLER"\n' });
}

/** `aws-lambda-ric` of npm, whose native part it builds from source. */
export async function requireNodeFunction(): Promise<string | Missing> {
  const name = `node-function-aws-lambda-ric-${nodeClient}`;
  if (!compiles && !existsSync(join(clientsFolder, name, '.complete'))) return notAsked('aws-lambda-ric');
  if (!process.execPath.startsWith('/usr/')) return { missing: 'not run: needs a Node.js below /usr' };
  for (const tool of ['cmake', 'autoconf', 'make', 'g++']) if (!(await isThere(tool, '--version'))) return { missing: `not run: ${tool} is not installed` };
  const folder = await installOnce(name, async (target) => {
    writeFileSync(join(target, 'package.json'), '{"private":true}');
    await installStep('npm', ['install', '--no-audit', '--no-fund', `aws-lambda-ric@${nodeClient}`], target);
  });
  if (typeof folder !== 'string') return folder;
  const handler = `exports.handler = async (event, context) => {
  console.log('greeting', event.name);
  if (event.fail) throw new RangeError('no greeting for ' + event.name);
  return { greeting: 'hello ' + event.name, requestId: context.awsRequestId, arn: context.invokedFunctionArn,
    function: context.functionName, region: process.env.AWS_REGION, deadline: context.getRemainingTimeInMillis() > 0 };
};
`;
  return writeFunction(folder, { 'index.js': handler, bootstrap: `#!/bin/sh\nexec ${process.execPath} node_modules/aws-lambda-ric/index.mjs "$_HANDLER"\n` });
}

const nodeClient = '4.0.2';

function writeFunction(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  chmodSync(join(folder, 'bootstrap'), 0o755);
  return folder;
}

async function isThere(tool: string, question: string): Promise<boolean> {
  return (await runCommand(tool, [question], { timeoutMs: 60_000 }).catch(() => undefined))?.exitCode === 0;
}

function digestOf(folder: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}
