import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';

const logGroupName = '/app';
const destination = 'exports';

async function prepare(): Promise<TestLogs> {
  const logs = createTestLogs();
  logs.buckets.set(destination, ['s3:GetBucketAcl', 's3:PutObject']);
  await logs.run('CreateLogGroup', { logGroupName });
  for (const logStreamName of ['a/1', 'b']) {
    await logs.run('CreateLogStream', { logGroupName, logStreamName });
    await logs.run('PutLogEvents', { logGroupName, logStreamName, logEvents: [0, 1, 2].map((at) => ({ timestamp: logs.clock.now() + at, message: `${logStreamName} ${at}` })) });
  }
  return logs;
}

const all = (logs: TestLogs) => ({ logGroupName, destination, from: 0, to: logs.clock.now() + 1 });

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html
test('createExportTask writes a packed file for every stream, and describeExportTasks tells when it is done', async () => {
  const logs = await prepare();
  const { taskId = '' } = await logs.run('CreateExportTask', { ...all(logs), taskName: 'mine' });
  await logs.exporting.settle();
  const files = Object.fromEntries([...logs.written].map(([key, body]) => [key, key.endsWith('.gz') ? gunzipSync(body).toString() : Buffer.from(body).toString()]));
  const line = (at: number, text: string): string => `${new Date(logs.clock.now() + at).toISOString()} ${text}\n`;
  assert.deepEqual(files, {
    'exports/exportedlogs/aws-logs-write-test': 'Permission Check Successful',
    [`exports/exportedlogs/${taskId}/a-1/000000.gz`]: line(0, 'a/1 0') + line(1, 'a/1 1'),
    [`exports/exportedlogs/${taskId}/b/000000.gz`]: line(0, 'b 0') + line(1, 'b 1'),
  });
  const [task] = (await logs.run('DescribeExportTasks', { taskId })).exportTasks ?? [];
  assert.deepEqual([task?.taskName, task?.status, task?.executionInfo?.completionTime], ['mine', { code: 'COMPLETED', message: 'Completed successfully' }, logs.clock.now()]);
  await assert.rejects(logs.run('CancelExportTask', { taskId }), { code: 'InvalidOperationException' });
});

test('createExportTask takes streams by prefix, and begins again after a restart', async () => {
  const logs = await prepare();
  await logs.exporting.close();
  const { taskId = '' } = await logs.run('CreateExportTask', { ...all(logs), logStreamNamePrefix: 'b', destinationPrefix: 'p/' });
  await assert.rejects(logs.run('CreateExportTask', { ...all(logs), destinationPrefix: 'p' }), { code: 'LimitExceededException', message: 'Resource limit exceeded.' });
  const next = logs.openExporting();
  await next.resume();
  await next.settle();
  assert.deepEqual([...logs.written.keys()], ['exports/p/aws-logs-write-test', `exports/p/${taskId}/b/000000.gz`]);
});

test('cancelExportTask ends a task, after which another may begin', async () => {
  const logs = await prepare();
  await logs.exporting.close();
  const { taskId = '' } = await logs.run('CreateExportTask', all(logs));
  await logs.run('CancelExportTask', { taskId });
  logs.clock.advance(1);
  await logs.run('CreateExportTask', all(logs));
  const codes = async (more: object = {}) => ((await logs.run('DescribeExportTasks', more)).exportTasks ?? []).map(({ status }) => status?.code);
  assert.deepEqual(await codes(), ['PENDING', 'CANCELLED']);
  assert.deepEqual(await codes({ statusCode: 'CANCELLED' }), ['CANCELLED']);
  const { nextToken } = await logs.run('DescribeExportTasks', { limit: 1 });
  assert.deepEqual(await codes({ nextToken }), ['CANCELLED']);
  await assert.rejects(logs.run('CancelExportTask', { taskId: 'none' }), { code: 'ResourceNotFoundException' });
});

test('createExportTask refuses a bucket that is not there or does not let the service in', async () => {
  const logs = await prepare();
  const refuse = (more: object, message: string | RegExp, code = 'InvalidParameterException') => assert.rejects(logs.run('CreateExportTask', { ...all(logs), ...more }), { code, message });
  await refuse({ destination: 'none' }, /does not exist/);
  logs.buckets.set('closed', []);
  await refuse({ destination: 'closed' }, 'GetBucketAcl call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.');
  logs.buckets.set('half', ['s3:GetBucketAcl']);
  await refuse({ destination: 'half' }, /^PutObject call on the given bucket failed/);
  await refuse({ from: 2, to: 1 }, /time range/);
  await refuse({ logGroupName: '/none' }, 'The specified log group does not exist.', 'ResourceNotFoundException');
});

test('createExportTask fails when the bucket goes while it runs', async () => {
  const logs = await prepare();
  await logs.exporting.close();
  const { taskId = '' } = await logs.run('CreateExportTask', all(logs));
  logs.buckets.delete(destination);
  const next = logs.openExporting();
  await next.resume();
  await next.settle();
  assert.deepEqual((await logs.run('DescribeExportTasks', { taskId })).exportTasks?.[0]?.status, { code: 'FAILED', message: 'The given bucket does not exist.' });
});
