// Clients that people have installed, unmodified, of today and of some years ago. Each takes the same walk against a server of its
// own; three at a time, because they spend much of it starting and waiting.

import { suite } from 'node:test';
import { findAwsCli, type AwsCliGeneration } from '../support/awsCli.ts';
import { requirePythonPackages } from '../support/pythonPackages.ts';
import { declareBoto3Walk } from './boto3Walk.ts';
import { declareCliWalk } from './cliWalk.ts';

const generations: readonly AwsCliGeneration[] = ['v2', 'debian', 'v1'];
const boto3Versions = ['1.44.5', '1.26.165'];

const programs = await Promise.all(generations.map(async (generation) => ({ generation, program: await findAwsCli(generation) })));
const pythons = await Promise.all(boto3Versions.map(async (version) => ({ version, python: await requirePythonPackages('boto3', [`boto3==${version}`]) })));

suite('real clients', { concurrency: 3 }, () => {
  for (const { generation, program } of programs) suite(`AWS CLI (${generation})`, { concurrency: 1 }, () => declareCliWalk(generation, program));
  for (const { version, python } of pythons) suite(`boto3 ${version}`, { concurrency: 1 }, () => declareBoto3Walk(version, python));
});
