import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLogRecord } from './formatLogRecord.ts';
import { createStyle } from './style.ts';

const plain = createStyle(false);
const format = (fields: Record<string, unknown>): string => formatLogRecord({ level: 'warn', text: 'delivery rejected', fields }, 1_000, plain);

test('formatLogRecord is one line of time, level, text and fields', () => {
  assert.equal(format({ arn: 'arn:aws:sqs', code: 3, none: undefined }), '00:00:01.000 warn  delivery rejected arn=arn:aws:sqs code=3');
});

test('formatLogRecord lets no control character of a request reach the terminal', () => {
  assert.equal(format({ name: 'a\x1b[31m\nb' }), '00:00:01.000 warn  delivery rejected name="a\\u001b[31m\\nb"');
});

test('formatLogRecord cuts a value that would fill the screen', () => {
  assert.ok(format({ name: 'x'.repeat(1_000_000) }).length < 2_200);
});

test('formatLogRecord puts a remedy on a line of its own, ready to be copied, unless it could harm the terminal', () => {
  const remedy = `aws iam create-role --policy '{"a": 1}'`;
  assert.equal(format({ arn: 'x', remedy }), `00:00:01.000 warn  delivery rejected arn=x\n${' '.repeat(19)}-> ${remedy}`);
  assert.equal(format({ remedy: 'a\x1b[31m' }), '00:00:01.000 warn  delivery rejected remedy="a\\u001b[31m"');
});
