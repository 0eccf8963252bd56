import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before } from 'node:test';
import { createS3Walk, s3WalkSteps, type S3WalkStep, type WalkProgram } from '../../support/clientWalk.ts';
import type { Missing } from '../../support/installOnce.ts';
import { runCommand } from '../../support/runCommand.ts';
import { startTestServer, type TestServer } from '../../support/testServer.ts';
import { bigFile, makeWalkFolder, oddKeys, pageKeys, text } from './walkFolder.ts';

interface Refusal {
  readonly code: string;
  readonly status: number;
  readonly requestId: string | null;
}

type Outcome = { readonly ok: unknown } | { readonly error: Refusal } | { readonly crash: string };

const partsEtag = /^"[0-9a-f]{32}-3"$/;
const inParts = (seen: unknown): void => {
  const [size, etag] = seen as [number, string];
  assert.equal(size, bigFile.length);
  assert.match(etag, partsEtag);
};
const isRefused = (code: string, status: number) => (seen: Refusal): void => {
  assert.deepEqual([seen.code, seen.status], [code, status]);
  assert.match(seen.requestId ?? '', /./);
};

/** What a program must have seen at each step. */
export const expectations: Readonly<Partial<Record<S3WalkStep, (seen: unknown) => void>>> = {
  'make a bucket': (seen) => assert.deepEqual(seen, ['walk']),
  'put and get': (seen) => assert.equal(seen, text),
  'metadata and type of an object': (seen) => assert.deepEqual(seen, ['text/plain; charset=utf-8', 'seoul', Buffer.byteLength(text)]),
  'keys of every kind': (seen) => assert.deepEqual(seen, { listed: oddKeys, bodies: oddKeys }),
  'list, folded': (seen) => assert.deepEqual(seen, { prefixes: ['fold/a/', 'fold/b/'], keys: ['fold/c'] }),
  'list, page by page': (seen) => assert.deepEqual(seen, pageKeys),
  'upload in parts': inParts,
  'download in parts': (seen) => assert.equal(seen, createHash('md5').update(bigFile).digest('hex')),
  'copy': (seen) => assert.equal(seen, oddKeys[0]),
  'copy in parts': inParts,
  'presigned download': (seen) => assert.equal(seen, oddKeys[0]),
  'presigned upload': (seen) => assert.equal(seen, text),
  'presigned download, signature version 2': (seen) => assert.equal(seen, oddKeys[0]),
  'delete many': (seen) => assert.equal(seen, 0),
  'remove the bucket': (seen) => assert.deepEqual(seen, []),
};

const refusals: Readonly<Partial<Record<S3WalkStep, (seen: Refusal) => void>>> = {
  'put if there is none': isRefused('PreconditionFailed', 412),
  'error: no such key': isRefused('NoSuchKey', 404),
  'error: no such bucket': isRefused('NoSuchBucket', 404),
  'error: wrong digest': isRefused('BadDigest', 400),
};

/** Declares the walk through S3 with another language's SDK: a program walks, this file judges what it saw. */
export function declareProgramWalk(client: string, program: WalkProgram | Missing, absent: readonly S3WalkStep[]): void {
  const walk = createS3Walk(client, 'missing' in program ? program.missing : undefined);
  let server: TestServer | undefined;
  let outcomes: Readonly<Partial<Record<S3WalkStep, Outcome>>> = {};
  before(async () => {
    if ('missing' in program) return;
    server = await startTestServer();
    const folder = makeWalkFolder();
    try {
      const { exitCode, stdout, stderr } = await runCommand(program.command, [...program.args, server.endpoint, folder.path], { timeoutMs: 170_000 });
      assert.equal(exitCode, 0, stderr);
      outcomes = (JSON.parse(stdout) as { results: Record<S3WalkStep, Outcome> }).results;
    } finally {
      folder.remove();
    }
  });
  after(async () => server?.stop());
  for (const name of s3WalkSteps) {
    if (absent.includes(name)) walk.absent(name);
    else walk.step(name, async () => judge(name, outcomes[name]));
  }
}

function judge(name: S3WalkStep, outcome: Outcome | undefined): void {
  assert.ok(outcome, 'the walk did not get here');
  const refusal = refusals[name];
  if (refusal !== undefined) {
    assert.ok('error' in outcome, JSON.stringify(outcome));
    return refusal(outcome.error);
  }
  assert.ok('ok' in outcome, JSON.stringify(outcome));
  const expectation = expectations[name] ?? assert.fail(`nothing is expected of: ${name}`);
  expectation(outcome.ok);
}
