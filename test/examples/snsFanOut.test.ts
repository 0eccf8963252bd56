// examples/sns-fan-out as it is: an order is published once; two queues and a function get what they want of it.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { baseEnvironment, runCommand } from '../support/runCommand.ts';
import { useServer } from '../support/useServer.ts';
import { zipFolder } from '../support/zipFolder.ts';

const scene = useServer();

test('one topic feeds two queues and a function, by filters', { timeout: 120_000 }, async () => {
  const example = join(packageRoot, 'examples/sns-fan-out');
  const folder = mkdtempSync(join(tmpdir(), 'haneul-example-'));
  try {
    const zip = join(folder, 'alert.zip');
    writeFileSync(zip, zipFolder(join(example, 'alert')));
    const env = { ...baseEnvironment(), AWS_ENDPOINT_URL: scene().server.endpoint, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const { stdout, stderr, exitCode } = await runCommand(process.execPath, [join(example, 'fanOut.mjs'), zip], { env });
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, 'orders-all: a b c\norders-large: b\n');
    const { logs } = scene().aws;
    let lines: string[] = [];
    for (let tries = 0; lines.length === 0 && tries < 200; tries += 1) {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/order-alert', filterPattern: 'ALERT' })).catch(() => ({ events: [] }));
      lines = events.map(({ message = '' }) => message.trim());
      if (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /ALERT Order c \{"order":\{"id":"c","total":30\}\}$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
