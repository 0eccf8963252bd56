// Clients that people have installed, unmodified, of today and of some years ago. Each takes the same walk against a server of its
// own; three at a time, because they spend much of it starting and waiting.

import { join } from 'node:path';
import { suite } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { findAwsCli, type AwsCliGeneration } from '../support/awsCli.ts';
import { requireGoProgram } from '../support/goProgram.ts';
import { requireJavaProgram } from '../support/javaProgram.ts';
import { requirePythonPackages } from '../support/pythonPackages.ts';
import { declareCliWalk } from './cliWalk.ts';
import { declareProgramWalk } from './programWalk.ts';

const generations: readonly AwsCliGeneration[] = ['v2', 'debian', 'v1'];
const boto3Versions = ['1.44.5', '1.26.165'];

const programs = await Promise.all(generations.map(async (generation) => ({ generation, program: await findAwsCli(generation) })));
const pythons = await Promise.all(boto3Versions.map(async (version) => ({ version, python: await requirePythonPackages('boto3', [`boto3==${version}`]) })));

const goWalk = await requireGoProgram('walk', join(packageRoot, 'test/tools/go'));
const javaWalk = await requireJavaProgram('Walk', join(packageRoot, 'test/tools/java'));

suite('real clients', { concurrency: 3 }, () => {
  for (const { generation, program } of programs) suite(`AWS CLI (${generation})`, { concurrency: 1 }, () => declareCliWalk(generation, program));
  for (const { version, python } of pythons) {
    const program = typeof python === 'string' ? { command: python, args: [join(packageRoot, 'test/tools/boto3/walk.py')] } : python;
    suite(`boto3 ${version}`, { concurrency: 1 }, () => declareProgramWalk(`boto3 ${version}`, program));
  }
  const program = typeof goWalk === 'string' ? { command: goWalk, args: [] } : goWalk;
  suite('AWS SDK for Java v2', { concurrency: 1 }, () => declareProgramWalk('AWS SDK for Java v2', javaWalk));
  suite('AWS SDK for Go v2', { concurrency: 1 }, () => declareProgramWalk('AWS SDK for Go v2', program));
});
