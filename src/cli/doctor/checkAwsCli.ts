import { execFile } from 'node:child_process';
import { systemErrorCode } from '../../base/errors.ts';
import type { Check } from './check.ts';

const name = 'AWS CLI';
const versionMsMax = 15_000;

/** The installed AWS CLI: an old one does not read AWS_ENDPOINT_URL and would talk to the real AWS. */
export async function checkAwsCli(environment: Readonly<Record<string, string | undefined>>): Promise<Check> {
  try {
    return judgeAwsCli(await readVersion(environment));
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') return { name, state: 'warn', text: `aws --version failed: ${error instanceof Error ? error.message : String(error)}` };
    return {
      name,
      state: 'warn',
      text: 'not installed; the AWS SDKs work without it',
      remedy: 'https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html',
    };
  }
}

// AWS_ENDPOINT_URL came with 2.13.0 and 1.29.0 (AWS CLI changelogs, July 2023).
const firstMinor: Readonly<Record<number, number>> = { 1: 29, 2: 13 };

/** Judges the answer of `aws --version`, for example `aws-cli/2.15.30 Python/3.11.8 Linux/6.8 exe/x86_64`. */
export function judgeAwsCli(answer: string): Check {
  const match = /aws-cli\/(\d+)\.(\d+)\.(\d+)/.exec(answer);
  if (!match) return { name, state: 'warn', text: `"${answer.trim().slice(0, 80)}" is not a version that haneul knows` };
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const version = `${major}.${minor}.${match[3] ?? '0'}`;
  const wanted = firstMinor[major];
  if (wanted === undefined ? major < 1 : minor < wanted) {
    return {
      name,
      state: 'fail',
      text: `${version} does not read AWS_ENDPOINT_URL: its calls would go to the real AWS`,
      remedy: 'use AWS CLI 2.13 or newer, or add to every call: --endpoint-url "$AWS_ENDPOINT_URL"',
    };
  }
  if (major === 1) {
    // Version 1 puts the addresses of some services in by itself, over AWS_ENDPOINT_URL (awscli/customizations/overridesslcommonname.py).
    return {
      name,
      state: 'warn',
      text: `${version}: version 1 sends "aws sqs", "rds", "emr", "docdb", "neptune" and "health" to the real AWS, whatever AWS_ENDPOINT_URL says`,
      remedy: 'use version 2, or add to these calls: --endpoint-url "$AWS_ENDPOINT_URL" (and leave --cli-binary-format out: version 1 takes payloads as they are)',
    };
  }
  return { name, state: 'ok', text: version };
}

function readVersion(environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('aws', ['--version'], { timeout: versionMsMax, env: { ...environment } }, (error, stdout, stderr) => {
      // Version 1 on old Pythons prints on standard error.
      if (error) reject(error);
      else resolve(stdout || stderr);
    });
  });
}
