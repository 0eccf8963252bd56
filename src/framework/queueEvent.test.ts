import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedItemsOf } from './queueEvent.ts';

const ids = new Set(['a', 'b']);
const answers: readonly (readonly [answer: string, failed: readonly string[] | 'all'])[] = [
  ['', []],
  ['null', []],
  ['{}', []],
  ['{"batchItemFailures":[]}', []],
  ['{"batchItemFailures":null}', []],
  ['{"batchItemFailures":[{"itemIdentifier":"b"}]}', ['b']],
  ['{"batchItemFailures":[{"itemIdentifier":""}]}', 'all'],
  ['{"batchItemFailures":[{"itemIdentifier":null}]}', 'all'],
  ['{"batchItemFailures":[{"MyBadKey":"a"}]}', 'all'],
  ['{"batchItemFailures":[{"itemIdentifier":"c"}]}', 'all'],
  ['{"batchItemFailures":"a"}', 'all'],
  ['"done"', 'all'],
  ['{', 'all'],
];
for (const [answer, failed] of answers) {
  test(`failedItemsOf takes ${answer === '' ? 'nothing' : answer} as ${String(failed)}`, () => {
    const found = failedItemsOf(Buffer.from(answer), ids);
    assert.deepEqual(found === 'all' ? found : [...found], failed);
  });
}
