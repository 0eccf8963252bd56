// examples/web-adapters/README.md, typed exactly as it stands there: Express through serverless-http and FastAPI through mangum, each behind a
// function URL, with the packages from their registries.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { findAwsCli, type AwsCliProgram } from '../support/awsCli.ts';
import { installOnce, installStep } from '../support/installOnce.ts';
import { baseEnvironment, runCommand } from '../support/runCommand.ts';
import { startServerProcess } from '../support/serverProcess.ts';

const example = join(packageRoot, 'examples/web-adapters');
const program = await findAwsCli('v2');
const packed = 'missing' in program ? program : await pack();
const skip = typeof packed === 'string' ? false : packed.missing;

test('the web apps of examples/web-adapters answer behind their function URLs as its README says', { skip, timeout: 180_000 }, async () => {
  assert.ok(typeof packed === 'string' && !('missing' in program));
  const folder = mkdtempSync(join(tmpdir(), 'haneul-web-adapters-'));
  cpSync(packed, folder, { recursive: true });
  const server = await startServerProcess({ dataFolder: join(folder, '.haneul') });
  try {
    const printed = await runWalk(folder, program);
    const [, express = '', fastapi = ''] = printed.split(/^HTTP\/1\.1 200.*$/m);
    assert.match(express, /^set-cookie: seen=yes; Path=\/; HttpOnly/im);
    assert.match(express, /"framework":"express","host":"[a-z0-9]+\.lambda-url\.us-east-1\./);
    assert.match(express, /\{"text":"우유"\}\{"text":"우유","lines":2\}missing: 404/);
    assert.match(express, /89 50 4e 47 0d 0a 1a 0a/);
    assert.match(fastapi, /^set-cookie: seen=yes; HttpOnly; Path=\//im);
    assert.match(fastapi, /"framework":"fastapi","path":"\/"/);
    assert.match(fastapi, /\{"item":"tea","count":3,"price":21\}refused: 422/);
    assert.match(fastapi, /89 50 4e 47 0d 0a 1a 0a/);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The example with what its first block makes, once per machine and text of the example. */
async function pack() {
  const files = readdirSync(example, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== 'README.md');
  const block = readBlocks('pack').join('\n');
  const digest = createHash('sha256').update(block);
  for (const { parentPath, name } of files) digest.update(name).update(readFileSync(join(parentPath, name)));
  return installOnce(`web-adapters-${digest.digest('hex').slice(0, 12)}`, async (folder) => {
    cpSync(example, folder, { recursive: true });
    await installStep('bash', ['-euo', 'pipefail', '-c', block], folder);
    for (const built of ['build-express', 'build-fastapi']) rmSync(join(folder, built), { recursive: true });
  });
}

async function runWalk(folder: string, aws: AwsCliProgram): Promise<string> {
  makeTools(folder, aws);
  const env = {
    ...baseEnvironment(), LANG: 'C.UTF-8', SHELL: '/bin/bash', PATH: `${join(folder, 'tools')}:${process.env['PATH'] ?? ''}`,
    AWS_PAGER: '', AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  // The interpreter that runs this test, so that none has to be fetched.
  const walk = readBlocks('walk').join('\n').replace('nodejs22.x', `nodejs${Math.min(22, Number(process.versions.node.split('.')[0]))}.x`);
  const { exitCode, stdout, stderr } = await runCommand('bash', ['-euo', 'pipefail', '-c', walk], { folder, env, timeoutMs: 150_000 });
  assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
  return stdout;
}

function readBlocks(name: 'pack' | 'walk'): string[] {
  const text = readFileSync(join(example, 'README.md'), 'utf8');
  const part = new RegExp(`<!-- begin ${name} -->(.*)<!-- end ${name} -->`, 's').exec(text)?.[1] ?? '';
  return [...part.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
}

// `aws` is the one under test wherever it was unpacked, and `npx haneul` is the program that was just built.
function makeTools(folder: string, aws: AwsCliProgram): void {
  const tools = {
    aws: `exec '${aws.command}' ${aws.leadingArgs.map((arg) => `'${arg}'`).join(' ')} "$@"`,
    npx: `shift; exec '${process.execPath}' '${join(packageRoot, 'dist/program/main.js')}' "$@"`,
  };
  mkdirSync(join(folder, 'tools'), { recursive: true });
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(folder, 'tools', name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'tools', name), 0o755);
  }
}
