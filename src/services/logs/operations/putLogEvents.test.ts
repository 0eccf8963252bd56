import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';

const names = { logGroupName: 'g', logStreamName: 's' };
const hourMs = 3_600_000;

async function openStream(): Promise<TestLogs> {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  await logs.run('CreateLogStream', names);
  return logs;
}

function put(logs: TestLogs, offsets: readonly number[], message = 'm') {
  const logEvents = offsets.map((offset) => ({ timestamp: logs.clock.now() + offset, message }));
  return logs.run('PutLogEvents', { ...names, logEvents });
}

test('putLogEvents refuses events out of order, too many bytes and more than a day in one batch', async () => {
  const logs = await openStream();
  const refused = (message: string) => ({ code: 'InvalidParameterException', message });
  await assert.rejects(put(logs, [1, 0]), refused('Log events in a single PutLogEvents request must be in chronological order.'));
  await assert.rejects(put(logs, [-24 * hourMs - 1, 0]), refused('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.'));
  await put(logs, [-24 * hourMs, 0]);
  const largest = 1_048_576 - 26;
  await put(logs, [0], 'x'.repeat(largest));
  await assert.rejects(put(logs, [0], 'x'.repeat(largest + 1)), refused('Upload too large: 1048577 bytes exceeds limit of 1048576'));
  await assert.rejects(put(logs, Array.from({ length: 10_001 }, () => 0)), { code: 'InvalidParameterException' });
  await put(logs, Array.from({ length: 10_000 }, () => 0));
});

test('putLogEvents takes what is in time and reports by index what is too old, expired or too new', async () => {
  const logs = await openStream();
  const day = 24 * hourMs;
  const found = await put(logs, [-15 * day, -14 * day - 1, -hourMs, 2 * hourMs, 2 * hourMs + 1]);
  assert.deepEqual(found.rejectedLogEventsInfo, { tooOldLogEventEndIndex: 2, tooNewLogEventStartIndex: 4 });
  assert.match(found.nextSequenceToken ?? '', /^[0-9]{56}$/);
  const stored = await logs.run('GetLogEvents', { ...names, startFromHead: true });
  assert.equal(stored.events?.length, 2);
  await logs.run('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 1 });
  const expired = await put(logs, [-day - 1, -1]);
  assert.deepEqual(expired.rejectedLogEventsInfo, { expiredLogEventEndIndex: 1 });
});

test('putLogEvents ignores sequence tokens and says that it does without entities', async () => {
  const logs = await openStream();
  const logEvents = [{ timestamp: logs.clock.now(), message: 'm' }];
  const found = await logs.run('PutLogEvents', { ...names, logEvents, sequenceToken: 'nonsense', entity: { keyAttributes: { Type: 'Service' } } });
  assert.equal(found.rejectedEntityInfo?.errorType, 'UnsupportedLogGroupType');
  assert.equal((await logs.run('GetLogEvents', names)).events?.length, 1);
});

test('putLogEvents refuses unknown groups and streams', async () => {
  const logs = await openStream();
  const logEvents = [{ timestamp: logs.clock.now(), message: 'm' }];
  await assert.rejects(logs.run('PutLogEvents', { ...names, logStreamName: 'x', logEvents }), { message: 'The specified log stream does not exist.' });
  await assert.rejects(logs.run('PutLogEvents', { ...names, logGroupName: 'x', logEvents }), { message: 'The specified log group does not exist.' });
});

test('putLogEvents keeps every event of parallel callers and counts the bytes of the group', async () => {
  const logs = await openStream();
  await Promise.all(Array.from({ length: 20 }, (_, at) => put(logs, [at, at], 'abc')));
  assert.equal((await logs.run('GetLogEvents', names)).events?.length, 40);
  const { logGroups } = await logs.run('DescribeLogGroups', {});
  assert.equal(logGroups?.[0]?.storedBytes, 40 * (3 + 26));
});
