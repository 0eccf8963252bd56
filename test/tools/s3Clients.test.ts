// The command lines of three generations and boto3 of two, unmodified: buckets, uploads in parts, synchronised folders, listings of odd keys.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { type AwsCliGeneration, findAwsCli, pointAt } from '../support/awsCli.ts';
import { requirePythonPackages } from '../support/pythonPackages.ts';
import { baseEnvironment, runCommand } from '../support/runCommand.ts';
import { startTestServer, type TestServer } from '../support/testServer.ts';

const generations: readonly AwsCliGeneration[] = ['v2', 'debian', 'v1'];
const programs = await Promise.all(generations.map(async (generation) => ({ generation, program: await findAwsCli(generation) })));
const pythons = await Promise.all(['1.44.5', '1.26.165'].map(async (version) => ({ version, python: await requirePythonPackages('boto3', [`boto3==${version}`]) })));

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'haneul-s3-clients-'));
before(async () => {
  server = await startTestServer();
  mkdirSync(join(folder, 'tree/sub'), { recursive: true });
  writeFileSync(join(folder, 'big'), randomBytes(20_000_000));
  writeFileSync(join(folder, 'tree/a b+ü.txt'), 'one');
  writeFileSync(join(folder, 'tree/sub/two'), 'two');
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

suite('S3 with real clients', { concurrency: 2 }, () => {
  for (const { generation, program } of programs) {
    test(`AWS CLI (${generation}) copies, synchronises, lists and removes`, { skip: 'missing' in program ? program.missing : false }, async () => {
      if ('missing' in program) return;
      const aws = pointAt(program, { endpoint: server.endpoint });
      const bucket = `s3://cli-${generation}`;
      const run = async (...args: string[]): Promise<string> => {
        const { exitCode, stdout, stderr } = await aws.run(args, { timeoutMs: 60_000 });
        assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      await run('s3', 'mb', bucket);
      await run('s3', 'cp', join(folder, 'big'), `${bucket}/big`, '--no-progress');
      await run('s3', 'cp', `${bucket}/big`, `${bucket}/copied/big`, '--no-progress');
      const back = join(folder, `back-${generation}`);
      await run('s3', 'cp', `${bucket}/copied/big`, back, '--no-progress');
      assert.deepEqual(readFileSync(back), readFileSync(join(folder, 'big')));
      await run('s3', 'sync', join(folder, 'tree'), `${bucket}/tree`, '--no-progress');
      assert.equal((await run('s3', 'sync', join(folder, 'tree'), `${bucket}/tree`, '--no-progress')).trim(), '', 'nothing is left to do');
      assert.deepEqual((await run('s3', 'ls', `${bucket}/tree/`, '--recursive')).trim().split('\n').map((line) => line.slice(31)), ['tree/a b+ü.txt', 'tree/sub/two']);
      const url = (await run('s3', 'presign', `${bucket}/tree/a b+ü.txt`)).trim();
      assert.equal(await (await fetch(url)).text(), 'one');
      await run('s3', 'mv', `${bucket}/tree/sub/two`, `${bucket}/tree/moved`);
      await run('s3', 'rb', bucket, '--force');
    });
  }
  for (const { version, python } of pythons) {
    test(`boto3 ${version} puts and lists odd keys, uploads in parts, and presigns`, { skip: typeof python === 'string' ? false : python.missing }, async () => {
      if (typeof python !== 'string') return;
      const env = { ...baseEnvironment(), ENDPOINT: server.endpoint, BUCKET: `boto-${version.replaceAll('.', '-')}` };
      const { exitCode, stdout, stderr } = await runCommand(python, [join(packageRoot, 'test/tools/boto3/s3.py')], { env, timeoutMs: 60_000 });
      assert.equal(exitCode, 0, stderr);
      assert.equal(stdout.trim(), 'done');
    });
  }
});
