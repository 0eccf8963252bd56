import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSsm } from '../testing/testSsm.ts';

test('labelParameterVersion moves labels, names the invalid ones and keeps ten a version', async () => {
  const { run } = createTestSsm();
  for (const Value of ['1', '2']) await run('PutParameter', { Name: 'l', Value, Type: 'String', Overwrite: true });
  const labelled = await run('LabelParameterVersion', { Name: 'l', ParameterVersion: 1, Labels: ['prod', '1st', 'aws-x', 'a b'] });
  assert.deepEqual(labelled, { InvalidLabels: ['1st', 'aws-x', 'a b'], ParameterVersion: 1 });
  assert.equal((await run('LabelParameterVersion', { Name: 'l', Labels: ['prod'] })).ParameterVersion, 2);
  assert.equal((await run('GetParameter', { Name: 'l:prod' })).Parameter?.Value, '2');
  const more = Array.from({ length: 10 }, (_, index) => `label${index}`);
  await assert.rejects(run('LabelParameterVersion', { Name: 'l', Labels: more }), { code: 'ParameterVersionLabelLimitExceeded' });
  await run('LabelParameterVersion', { Name: 'l', Labels: more.slice(1) });
  await assert.rejects(run('LabelParameterVersion', { Name: 'l', ParameterVersion: 7, Labels: ['x'] }), { code: 'ParameterVersionNotFound' });
  await assert.rejects(run('LabelParameterVersion', { Name: 'm', Labels: ['x'] }), { code: 'ParameterNotFound' });
});

test('unlabelParameterVersion takes labels off the version that has them', async () => {
  const { run } = createTestSsm();
  await run('PutParameter', { Name: 'l', Value: '1', Type: 'String' });
  await run('LabelParameterVersion', { Name: 'l', Labels: ['a'] });
  assert.deepEqual(await run('UnlabelParameterVersion', { Name: 'l', ParameterVersion: 1, Labels: ['a', 'b'] }), { RemovedLabels: ['a'], InvalidLabels: ['b'] });
  await assert.rejects(run('GetParameter', { Name: 'l:a' }), { code: 'ParameterVersionNotFound' });
  await assert.rejects(run('UnlabelParameterVersion', { Name: 'l', ParameterVersion: 2, Labels: ['a'] }), { code: 'ParameterVersionNotFound' });
});
