// examples/error-log-alert as it is: one function's log invokes another, and counts in CloudWatch.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { baseEnvironment, runCommand } from '../support/runCommand.ts';
import { sdkConfig } from '../support/sdkClients.ts';
import { useServer } from '../support/useServer.ts';
import { zipFolder } from '../support/zipFolder.ts';

const scene = useServer();

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('what was waited for has not come');
}

test('an error line in one function’s log triggers another', { timeout: 120_000 }, async () => {
  const example = join(packageRoot, 'examples/error-log-alert');
  const folder = mkdtempSync(join(tmpdir(), 'haneul-example-'));
  const cloudWatch = new CloudWatchClient(sdkConfig(scene().server.endpoint));
  try {
    const zips = ['shop', 'alert'].map((name) => {
      const zip = join(folder, `${name}.zip`);
      writeFileSync(zip, zipFolder(join(example, name)));
      return zip;
    });
    const env = { ...baseEnvironment(), AWS_ENDPOINT_URL: scene().server.endpoint, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const { stdout, stderr, exitCode } = await runCommand(process.execPath, [join(example, 'alertOnError.mjs'), ...zips], { env });
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, 'order a: answered\norder b: answered\n');
    const { logs } = scene().aws;
    const alerts = await until(async () => {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/shop-alert', filterPattern: 'ALERT' })).catch(() => ({ events: [] }));
      return events.length > 0 ? events : undefined;
    });
    assert.equal(alerts.length, 1);
    assert.match(alerts[0]?.message?.trim() ?? '', /ALERT from \/aws\/lambda\/shop: order b has no items$/);
    const day = 86_400_000;
    const sum = await until(async () => {
      const range = { StartTime: new Date(Date.now() - day), EndTime: new Date(Date.now() + day), Period: 86_400 };
      const { Datapoints = [] } = await cloudWatch.send(new GetMetricStatisticsCommand({ Namespace: 'Shop', MetricName: 'Errors', Statistics: ['Sum'], ...range }));
      return Datapoints.length > 0 ? Datapoints.reduce((total, point) => total + (point.Sum ?? 0), 0) : undefined;
    });
    assert.equal(sum, 1);
  } finally {
    cloudWatch.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
});
