// The same walk through S3 for clients of today and of some years ago, unmodified, among them programs that know nothing but S3. The AWS
// command lines have files of their own, because they take so long to start.

import { join } from 'node:path';
import { suite } from 'node:test';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { requireGoProgram } from '../../support/goProgram.ts';
import { requireJavaProgram } from '../../support/javaProgram.ts';
import { requirePythonPackages } from '../../support/pythonPackages.ts';
import { requireRclone, requireS3cmd, requireS5cmd } from '../../support/s3Programs.ts';
import { declareProgramWalk } from './programWalk.ts';
import { declareRcloneWalk } from './rcloneWalk.ts';
import { declareS3cmdWalk } from './s3cmdWalk.ts';
import { declareS5cmdWalk } from './s5cmdWalk.ts';

const here = join(packageRoot, 'test/tools/s3');
const boto3Versions = ['1.44.5', '1.26.165'];
const noSync = 'sync there and back';
const noOldSignature = 'presigned download, signature version 2';

const pythons = await Promise.all(boto3Versions.map(async (version) => ({ version, python: await requirePythonPackages('boto3', [`boto3==${version}`]) })));
const goWalk = await requireGoProgram('s3walk', join(here, 'go'));
const javaWalk = await requireJavaProgram('S3Walk', join(here, 'java'));
const [rclone, s3cmd, s5cmd] = await Promise.all([requireRclone(), requireS3cmd(), requireS5cmd()]);

suite('clients of S3', { concurrency: 3 }, () => {
  const alone = (name: string, declare: () => void): void => void suite(name, { concurrency: 1 }, declare);
  for (const { version, python } of pythons) {
    const program = typeof python === 'string' ? { command: python, args: [join(here, 'boto3/walk.py')] } : python;
    alone(`boto3 ${version}`, () => declareProgramWalk(`boto3 ${version}`, program, [noSync]));
  }
  const program = typeof goWalk === 'string' ? { command: goWalk, args: [] } : goWalk;
  alone('AWS SDK for Go v2', () => declareProgramWalk('AWS SDK for Go v2', program, [noSync, noOldSignature]));
  alone('AWS SDK for Java v2', () => declareProgramWalk('AWS SDK for Java v2', javaWalk, [noSync, noOldSignature]));
  alone('rclone', () => declareRcloneWalk(rclone));
  alone('s3cmd', () => declareS3cmdWalk(s3cmd));
  alone('s5cmd', () => declareS5cmdWalk(s5cmd));
});
