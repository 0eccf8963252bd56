import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findStatementSpans } from './statementSpans.ts';

const at = (line: number, column: number): object => ({ line, column });

test('findStatementSpans answers what the simulator does for AdministratorAccess', () => {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }, null, 2);
  assert.deepEqual(findStatementSpans(text), [{ start: at(3, 17), end: at(8, 6) }]);
});

test('findStatementSpans answers what the simulator does for one statement on one line', () => {
  const text =
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}';
  assert.deepEqual(findStatementSpans(text), [{ start: at(1, 38), end: at(1, 167) }]);
});

test('findStatementSpans finds every statement, whatever its texts hold', () => {
  const text = '{"Id":"Statement\\":[{","Statement":[{"Sid":"}]"},\n {"Sid":"b","x":{"Statement":[{}]}}]}';
  assert.deepEqual(findStatementSpans(text), [
    { start: at(1, 37), end: at(1, 49) },
    { start: at(1, 49), end: at(2, 36) },
  ]);
});

test('findStatementSpans takes the last of two members of one name, as JSON does', () => {
  assert.equal(findStatementSpans('{"Statement":[{},{}],"Statement":{}}').length, 1);
});
