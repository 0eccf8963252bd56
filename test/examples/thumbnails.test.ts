// examples/thumbnails/README.md, typed exactly as it stands there, with the real AWS CLI: pictures that are uploaded make thumbnails, in Python
// with Pillow and in Node.js with sharp; one with a Korean name, one in parts; a broken one ends in the dead-letter queue.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { findAwsCli, type AwsCliProgram } from '../support/awsCli.ts';
import { installOnce, installStep } from '../support/installOnce.ts';
import { baseEnvironment, runCommand } from '../support/runCommand.ts';
import { startServerProcess } from '../support/serverProcess.ts';

const example = join(packageRoot, 'examples/thumbnails');
const program = await findAwsCli('v2');
const packed = 'missing' in program ? program : await pack();
const skip = typeof packed === 'string' ? false : packed.missing;

test('the thumbnails of examples/thumbnails are made as its README says', { skip, timeout: 280_000 }, async () => {
  assert.ok(typeof packed === 'string' && !('missing' in program));
  const folder = mkdtempSync(join(tmpdir(), 'haneul-thumbnails-'));
  cpSync(packed, folder, { recursive: true });
  const server = await startServerProcess({ dataFolder: join(folder, '.haneul') });
  try {
    const printed = await runWalk(folder, program);
    assert.match(printed, /raw\/우리 고양이\.jpg/);
    const thumbnails = readdirSync(join(folder, 'thumbnails')).map((name) => name.normalize('NFC')).toSorted();
    assert.deepEqual(thumbnails, ['large.jpg', '우리 고양이.jpg', '우리 고양이.webp'], 'of nothing that was uploaded elsewhere');
    assert.deepEqual(sizeOfJpeg(join(folder, 'thumbnails', '우리 고양이.jpg')), { width: 200, height: 150 });
    assert.deepEqual(sizeOfWebp(join(folder, 'thumbnails', '우리 고양이.webp')), { width: 150, height: 200 });
    assert.deepEqual(sizeOfJpeg(join(folder, 'thumbnails', 'large.jpg')), { width: 200, height: 150 });
    assert.ok(statSync(join(folder, 'large.jpg')).size > 8 * 2 ** 20, 'it was uploaded in parts');
    const records = [...printed.matchAll(/"Body": "(.*)",?$/gm)].map(([, text = '']) => JSON.parse(JSON.parse(`"${text}"`) as string) as { Records: { eventName: string }[] });
    assert.deepEqual(records.map(({ Records }) => Records[0]?.eventName), ['ObjectCreated:Put'], 'the dead letter is the event');
    assert.match(printed, /^3$/m, 'a first attempt and two retries');
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
  return installOnce(`thumbnails-${digest.digest('hex').slice(0, 12)}`, async (folder) => {
    cpSync(example, folder, { recursive: true });
    await installStep('bash', ['-euo', 'pipefail', '-c', block], folder);
    rmSync(join(folder, 'build/node'), { recursive: true });
  });
}

async function runWalk(folder: string, aws: AwsCliProgram): Promise<string> {
  makeTools(folder, aws);
  const env = {
    ...baseEnvironment(), LANG: 'C.UTF-8', SHELL: '/bin/bash', PATH: `${join(folder, 'tools')}:${process.env['PATH'] ?? ''}`,
    AWS_PAGER: '', AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  const version = readBlocks('pack').join('\n').split('\n').find((line) => line.startsWith('PYTHON=')) ?? '';
  // The interpreter that runs this test, so that none has to be fetched.
  const walk = readBlocks('walk').join('\n').replace('nodejs22.x', `nodejs${Math.min(22, Number(process.versions.node.split('.')[0]))}.x`);
  const { exitCode, stdout, stderr } = await runCommand('bash', ['-euo', 'pipefail', '-c', `${version}\n${walk}`], { folder, env, timeoutMs: 240_000 });
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
  if (!existsSync(join(folder, 'tools'))) mkdirSync(join(folder, 'tools'));
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(folder, 'tools', name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'tools', name), 0o755);
  }
}

/** From the frame header (ITU-T T.81, B.2.2). */
function sizeOfJpeg(path: string): { readonly width: number; readonly height: number } {
  const bytes = readFileSync(path);
  for (let at = 2; at < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xc2) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
  }
  assert.fail(`${path} is no JPEG`);
}

/** From the header of a lossy frame (RFC 9649, 2.5). */
function sizeOfWebp(path: string): { readonly width: number; readonly height: number } {
  const bytes = readFileSync(path);
  assert.equal(bytes.subarray(8, 16).toString('latin1'), 'WEBPVP8 ');
  return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
}
