// examples/schedules, examples/event-replay and examples/notification-chain as they are.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { baseEnvironment, runCommand } from '../support/runCommand.ts';
import { useServer } from '../support/useServer.ts';
import { zipFolder } from '../support/zipFolder.ts';

const scene = useServer();
const folder = mkdtempSync(join(tmpdir(), 'haneul-example-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs one example with the package of its function, if it has one; answers what it has printed. */
async function runExample(name: string, program: string, functionFolder?: string): Promise<string> {
  const example = join(packageRoot, 'examples', name);
  const zip = join(folder, `${name}.zip`);
  if (functionFolder !== undefined) writeFileSync(zip, zipFolder(join(example, functionFolder)));
  const env = { ...baseEnvironment(), AWS_ENDPOINT_URL: scene().server.endpoint, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const { stdout, stderr, exitCode } = await runCommand(process.execPath, [join(example, program), zip], { env });
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

test('an archive is replayed to a consumer that came later', { timeout: 120_000 }, async () => {
  assert.equal(await runExample('event-replay', 'replay.mjs'), 'as it happened: a, b, c\nreplayed: a again, c again\nthe replay is COMPLETED\n');
});

test('a new object is told from a bucket to a telephone', { timeout: 120_000 }, async () => {
  assert.equal(await runExample('notification-chain', 'chain.mjs', 'record'), '"A new picture: holiday.jpg (15 bytes)"\n');
  for (let lines: string[] = []; lines.length < 3; ) {
    const { events = [] } = await scene().aws.logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/record-upload', filterPattern: 'STORED' })).catch(() => ({ events: [] }));
    lines = events.map(({ message = '' }) => /STORED (\S+ \d+)/.exec(message)?.[1] ?? '');
    if (lines.length >= 3) assert.deepEqual(lines.sort(), ['holiday.jpg 15', 'notes.txt 12', 'small.jpg 1']);
  }
});

// Last: it moves the clock.
test('a function runs every five minutes, and at nine in Seoul whatever clocks do elsewhere', { timeout: 120_000 }, async () => {
  const printed = await runExample('schedules', 'schedules.mjs', 'report');
  assert.equal(printed, 'every five minutes: 12 in an hour\nSeoul: 09:00 09:00 09:00 there, 00:00 00:00 00:00 UTC\nNew York: 09:00 09:00 09:00 there, 14:00 13:00 13:00 UTC\n');
});
