// Every client takes the same walk (what issue 2 promises a user), step by step; the results make one row a step in
// docs/clients.md.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';

export const walkSteps = [
  'sts get-caller-identity',
  'iam create-role',
  'iam get-role',
  'iam attach-role-policy',
  'sts assume-role',
  'lambda create-function (python3.12)',
  'lambda create-function (nodejs22.x)',
  'lambda create-function (provided.al2023)',
  'lambda wait function-active-v2',
  'lambda invoke',
  'lambda invoke --log-type Tail',
  'lambda invoke, function error',
  'lambda get-function',
  'lambda list-functions',
  'lambda update-function-configuration',
  'lambda update-function-code',
  'logs describe-log-groups',
  'logs filter-log-events',
  'logs tail',
  'logs tail --follow',
  'sqs create-queue',
  'sqs send-message',
  'sqs receive-message',
  'sqs delete-message',
  'error: no such queue',
  'error: no such function',
  'error: invalid parameter',
  'error: no such role',
  'not implemented: dynamodb (json)',
  'not implemented: an operation of iam (query)',
  'lambda delete-function',
] as const;

export type WalkStep = (typeof walkSteps)[number];

/** The walk through S3, for its own clients too, which know nothing else. */
export const s3WalkSteps = [
  'make a bucket',
  'put and get',
  'metadata and type of an object',
  'keys of every kind',
  'list, folded',
  'list, page by page',
  'upload in parts',
  'download in parts',
  'copy',
  'copy in parts',
  'sync there and back',
  'presigned download',
  'presigned upload',
  'presigned download, signature version 2',
  'put if there is none',
  'delete many',
  'error: no such key',
  'error: no such bucket',
  'error: wrong digest',
  'remove the bucket',
] as const;

export type S3WalkStep = (typeof s3WalkSteps)[number];

type StepResult = 'passed' | 'failed' | 'not in this client' | 'not run';

export interface WalkReport {
  readonly client: string;
  readonly walk: 'all' | 's3';
  readonly note?: string;
  readonly steps: Readonly<Partial<Record<WalkStep | S3WalkStep, StepResult>>>;
}

export const walkResultsFolder = join(packageRoot, '.cache', 'walks');

export interface Walk<Step extends string = WalkStep> {
  /** One subtest, in order; the later ones build on what the earlier ones made. */
  step(name: Step, run: () => Promise<void>): void;
  /** For what the client itself does not offer. */
  absent(name: Step): void;
}

/** A program in another language that takes the walk: its arguments are the endpoint and four archives; it prints what it saw. */
export interface WalkProgram {
  readonly command: string;
  readonly args: readonly string[];
}

/** Declares the tests of one client. With `missing` every step is reported as skipped, with that reason. */
export function createWalk(client: string, missing?: string): Walk {
  return declareWalk<WalkStep>(client, 'all', missing);
}

/** The same for the walk through S3. */
export function createS3Walk(client: string, missing?: string): Walk<S3WalkStep> {
  return declareWalk<S3WalkStep>(client, 's3', missing);
}

function declareWalk<Step extends WalkStep | S3WalkStep>(client: string, walk: WalkReport['walk'], missing?: string): Walk<Step> {
  const steps: Partial<Record<WalkStep | S3WalkStep, StepResult>> = {};
  after(() => {
    mkdirSync(walkResultsFolder, { recursive: true });
    const report: WalkReport = { client, walk, ...(missing === undefined ? {} : { note: missing }), steps };
    const name = `${walk === 'all' ? '' : `${walk}-`}${client.replace(/[^A-Za-z0-9.]+/g, '-')}.json`;
    writeFileSync(join(walkResultsFolder, name), `${JSON.stringify(report, null, 2)}\n`);
  });
  const label = walk === 'all' ? client : `${client}, ${walk}`;
  return {
    step(name, run) {
      steps[name] = 'not run';
      test(`${label}: ${name}`, { skip: missing ?? false, timeout: 180_000 }, async () => {
        steps[name] = 'failed';
        await run();
        steps[name] = 'passed';
      });
    },
    absent(name) {
      steps[name] = 'not in this client';
      test(`${label}: ${name}`, { skip: 'not run: this client does not have it' }, () => undefined);
    },
  };
}
