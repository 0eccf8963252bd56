// The five-minute walk of README.md, typed exactly as it stands there, with the real AWS CLI; between its last two steps the
// server is killed and started again.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { findAwsCli, type AwsCliProgram } from '../support/awsCli.ts';
import { baseEnvironment, runCommand } from '../support/runCommand.ts';
import { startServerProcess } from '../support/serverProcess.ts';

const program = await findAwsCli('v2');
const skip = 'missing' in program ? program.missing : false;

test('README: the five-minute walk works as written, and survives kill -9', { skip, timeout: 120_000 }, async () => {
  assert.ok(!('missing' in program));
  const folder = mkdtempSync(join(tmpdir(), 'haneul-readme-'));
  const dataFolder = join(folder, '.haneul');
  const blocks = readWalk();
  let server = await startServerProcess({ dataFolder });
  try {
    makeTools(folder, program);
    const walk = await runBlocks(folder, blocks.slice(0, -1));
    for (const expected of [/"Arn": "arn:aws:iam::000000000000:root"/, /"message": "Hello, sky"/, /"SKY!"/, /greeting sky/, /REPORT RequestId/, /greet\s+python3\.12\s+256/]) {
      assert.match(walk, expected);
    }
    await server.kill();
    server = await startServerProcess({ dataFolder, args: ['--port', String(server.port)] });
    const rest = await runBlocks(folder, [blocks[0] ?? '', "aws lambda get-function --function-name greet --query Configuration.MemorySize", blocks.at(-1) ?? '']);
    assert.match(rest, /^256$/m);
    assert.match(rest, /Haneul \d/);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

function readWalk(): string[] {
  const text = readFileSync(join(packageRoot, 'README.md'), 'utf8');
  const walk = /<!-- begin walk[^>]*-->(.*)<!-- end walk -->/s.exec(text)?.[1] ?? '';
  const blocks = [...walk.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  assert.ok(blocks.length >= 7, `the walk has ${blocks.length} blocks`);
  return blocks;
}

// `aws` is the one under test wherever it was unpacked, and `npx haneul` is the program that was just built.
function makeTools(folder: string, aws: AwsCliProgram): void {
  mkdirSync(join(folder, 'tools'));
  const variables = Object.entries(aws.env).map(([name, value]) => `${name}='${value}'`);
  const tools = {
    aws: ['exec env', ...variables, `'${aws.command}'`, ...aws.leadingArgs.map((arg) => `'${arg}'`), '"$@"'].join(' '),
    npx: `[ "$1" = haneul ] || exit 9\nshift\nexec '${process.execPath}' '${join(packageRoot, 'dist/program/main.js')}' "$@"`,
  };
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(folder, 'tools', name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'tools', name), 0o755);
  }
}

async function runBlocks(folder: string, blocks: readonly string[]): Promise<string> {
  const env = {
    ...baseEnvironment(),
    PATH: `${join(folder, 'tools')}:${process.env['PATH'] ?? ''}`,
    SHELL: '/bin/bash',
    AWS_PAGER: '',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  const result = await runCommand('bash', ['-euo', 'pipefail', '-c', blocks.join('\n')], { folder, env, timeoutMs: 100_000 });
  assert.equal(result.exitCode, 0, `${result.stdout}\n${result.stderr}`);
  return result.stdout;
}
