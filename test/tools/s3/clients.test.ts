// The same walk through S3 for clients of today and of some years ago, unmodified.

import { join } from 'node:path';
import { suite } from 'node:test';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { requirePythonPackages } from '../../support/pythonPackages.ts';
import { declareProgramWalk } from './programWalk.ts';

const here = join(packageRoot, 'test/tools/s3');
const boto3Versions = ['1.44.5', '1.26.165'];
const pythons = await Promise.all(boto3Versions.map(async (version) => ({ version, python: await requirePythonPackages('boto3', [`boto3==${version}`]) })));

suite('clients of S3', { concurrency: 2 }, () => {
  for (const { version, python } of pythons) {
    const program = typeof python === 'string' ? { command: python, args: [join(here, 'boto3/walk.py')] } : python;
    suite(`boto3 ${version}`, { concurrency: 1 }, () => declareProgramWalk(`boto3 ${version}`, program, ['sync there and back']));
  }
});
