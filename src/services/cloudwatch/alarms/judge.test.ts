import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MissingData } from './alarmStore.ts';
import { judge } from './judge.ts';

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html: X breaches, 0 does not, - is missing.
function states(points: string, datapointsToAlarm: number): (string | undefined)[] {
  const treatments: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
  const range = points.split(' ').map((point, index) => ({ atMs: index * 60_000, value: point === '-' ? undefined : point === 'X' ? 9 : 1 }));
  return treatments.map((missing) => judge({ evaluationPeriods: 3, datapointsToAlarm, threshold: 5, comparison: 'GreaterThanThreshold', missing }, range)?.state);
}

test('judge decides by the tables of the guide when all of three must breach', () => {
  assert.deepEqual(states('0 - X - X', 3), ['OK', 'OK', 'OK', 'OK']);
  assert.deepEqual(states('- - - - 0', 3), ['OK', 'OK', 'OK', 'OK']);
  assert.deepEqual(states('- - - - -', 3), ['INSUFFICIENT_DATA', undefined, 'ALARM', 'OK']);
  assert.deepEqual(states('0 X X - X', 3), ['ALARM', 'ALARM', 'ALARM', 'ALARM']);
  assert.deepEqual(states('- - X - -', 3), ['ALARM', undefined, 'ALARM', 'OK']);
});

test('judge decides by the tables of the guide when two of three must breach', () => {
  assert.deepEqual(states('0 - X - X', 2), ['ALARM', 'ALARM', 'ALARM', 'ALARM']);
  assert.deepEqual(states('0 0 X 0 X', 2), ['ALARM', 'ALARM', 'ALARM', 'ALARM']);
  assert.deepEqual(states('0 - X - -', 2), ['OK', 'OK', 'ALARM', 'OK']);
  assert.deepEqual(states('- - - - 0', 2), ['OK', 'OK', 'ALARM', 'OK']);
  assert.deepEqual(states('- - - - X', 2), ['ALARM', undefined, 'ALARM', 'OK']);
});

test('judge gives the reason in the words that AWS mails', () => {
  const rule = { evaluationPeriods: 1, datapointsToAlarm: 1, threshold: 0, comparison: 'GreaterThanThreshold', missing: 'missing' } as const;
  const at = Date.parse('2026-01-05T12:00:00Z');
  assert.equal(
    judge(rule, [{ atMs: at, value: 3 }])?.reason,
    'Threshold Crossed: 1 out of the last 1 datapoint [3.0 (05/01/26 12:00:00)] was greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).',
  );
  assert.equal(judge(rule, [{ atMs: at, value: undefined }])?.reason, 'Insufficient Data: 1 datapoint was unknown.');
  assert.equal(
    judge({ ...rule, missing: 'notBreaching' }, [{ atMs: at, value: undefined }])?.reason,
    'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].',
  );
});
