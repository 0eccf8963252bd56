import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLogJson } from './formatLogJson.ts';

const format = (fields: Record<string, unknown>): Record<string, unknown> => {
  const line = formatLogJson({ level: 'warn', text: 'delivery rejected', fields }, 1_000);
  assert.doesNotMatch(line, /\n/);
  return JSON.parse(line) as Record<string, unknown>;
};

test('formatLogJson is one line with time, level, text and fields', () => {
  assert.deepEqual(format({ arn: 'a\nb', code: 3, none: undefined, count: 5n }), {
    time: '1970-01-01T00:00:01.000Z',
    level: 'warn',
    text: 'delivery rejected',
    fields: { arn: 'a\nb', code: 3, count: '5' },
  });
});

test('formatLogJson writes errors with their stack, cuts long values, and survives what JSON cannot hold', () => {
  assert.match(String((format({ error: new TypeError('odd') })['fields'] as Record<string, unknown>)['error']), /^TypeError: odd\n +at /);
  assert.ok(JSON.stringify(format({ name: 'x'.repeat(1_000_000) })).length < 8_200);
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  assert.deepEqual(format({ cycle, other: 1 })['fields'], { unreadable: 'cycle, other' });
});
