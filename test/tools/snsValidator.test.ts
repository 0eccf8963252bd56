// Messages of SNS under the official validator of AWS (the package sns-validator), which fetches the certificate from
// https://sns.us-east-1.amazonaws.com and from nowhere else: in a network of its own, that name leads to us, and our authority is trusted.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { runCommand } from '../support/runCommand.ts';

interface Verdict {
  readonly Type: string;
  readonly SignatureVersion: string;
  readonly valid: boolean;
  readonly error?: string;
}

test('the official validator takes every signature, and none of a changed message', { timeout: 120_000 }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-sns-'));
  try {
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, '127.0.0.1 localhost sns.us-east-1.amazonaws.com\n');
    const world = 'ip link set lo up && mount --bind "$1" /etc/hosts && shift && exec "$@"';
    const inWorld = (...command: readonly string[]) => runCommand('unshare', ['-m', '-n', '-p', '-f', '--kill-child', '--mount-proc', 'sh', '-c', world, 'sh', hosts, ...command]);
    const may = await inWorld('true').catch(() => undefined);
    if (may?.exitCode !== 0) return context.skip('not run: this user may make no network of its own');
    const { stdout, stderr, exitCode } = await inWorld(process.execPath, join(packageRoot, 'test/tools/sns/verify.mjs'), join(packageRoot, 'dist/program/main.js'), join(folder, 'authority.pem'));
    assert.equal(exitCode, 0, stderr);
    const verdicts = stdout.trim().split('\n').map((line) => JSON.parse(line) as Verdict);
    assert.equal(verdicts.length, 11, stderr);
    assert.deepEqual(verdicts.slice(0, 10).map(({ valid, error }) => error ?? valid), new Array(10).fill(true), stderr);
    assert.deepEqual([...new Set(verdicts.map(({ Type, SignatureVersion }) => `${Type} ${SignatureVersion}`))].sort(), ['Notification 1', 'Notification 2', 'SubscriptionConfirmation 1', 'SubscriptionConfirmation 2']);
    assert.deepEqual([verdicts[10]?.valid, verdicts[10]?.error], [false, 'The message signature is invalid.']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
