import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSsm } from '../testing/testSsm.ts';

test('getParameter finds by name, ARN, version and label', async () => {
  const { run } = createTestSsm();
  for (const Value of ['one', 'two']) await run('PutParameter', { Name: '/x/y', Value, Type: 'String', Overwrite: true });
  await run('LabelParameterVersion', { Name: '/x/y', ParameterVersion: 1, Labels: ['prod'] });
  const value = async (Name: string) => (await run('GetParameter', { Name })).Parameter?.Value;
  const arn = 'arn:aws:ssm:us-east-1:000000000000:parameter/x/y';
  assert.deepEqual(await Promise.all(['/x/y', '/x/y:1', '/x/y:prod', arn, `${arn}:1`].map(value)), ['two', 'one', 'one', 'two', 'one']);
  await assert.rejects(value('/x/y:9'), { code: 'ParameterVersionNotFound', message: 'Systems Manager could not find version 9 of /x/y. Verify the version and try again.' });
  await assert.rejects(value('/x/y:test'), { code: 'ParameterVersionNotFound' });
  await assert.rejects(value('/x/z'), { code: 'ParameterNotFound' });
  await assert.rejects(value('/x/y:1:2'), { code: 'ValidationException' });
});

test('getParameter reads a secret by its reference, decrypted only', async () => {
  const { run, secrets } = createTestSsm();
  secrets.set('db/password', {
    arn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:db/password-abcdef',
    name: 'db/password',
    versionId: 'v1',
    text: 'hunter2',
    stages: ['AWSCURRENT'],
    createdAtMs: 0,
  });
  const Name = '/aws/reference/secretsmanager/db/password';
  const { Parameter } = await run('GetParameter', { Name, WithDecryption: true });
  assert.deepEqual([Parameter?.Name, Parameter?.Value, Parameter?.Type, Parameter?.Version], [Name, 'hunter2', 'SecureString', 0]);
  assert.equal(JSON.parse(Parameter?.SourceResult ?? '').versionId, 'v1');
  await assert.rejects(run('GetParameter', { Name }), { code: 'ValidationException', message: 'WithDecryption flag must be True for retrieving a Secret Manager secret.' });
  await assert.rejects(run('GetParameter', { Name: `${Name}2`, WithDecryption: true }), { code: 'ParameterNotFound' });
  const many = await run('GetParameters', { Names: [Name, 'none'], WithDecryption: true });
  assert.deepEqual([many.Parameters?.map((each) => each.Value), many.InvalidParameters], [['hunter2'], ['none']]);
});

test('getParameters answers what is there and names what is not', async () => {
  const { run } = createTestSsm();
  await run('PutParameter', { Name: 'a', Value: '1', Type: 'String' });
  const { Parameters, InvalidParameters } = await run('GetParameters', { Names: ['a', 'a:1', 'a:2', 'b', 'x:y:z'] });
  assert.deepEqual([Parameters?.map(({ Value }) => Value), InvalidParameters], [['1', '1'], ['a:2', 'b', 'x:y:z']]);
});

test('getParameterHistory gives every version with its labels, in pages', async () => {
  const { run } = createTestSsm();
  for (const Value of ['1', '2', '3']) await run('PutParameter', { Name: 'h', Value, Type: 'SecureString', Overwrite: true, Description: `d${Value}` });
  await run('LabelParameterVersion', { Name: 'h', ParameterVersion: 2, Labels: ['mid'] });
  const first = await run('GetParameterHistory', { Name: 'h', MaxResults: 2, WithDecryption: true });
  assert.deepEqual(first.Parameters?.map(({ Version, Value, Labels, Description }) => [Version, Value, Labels, Description]), [
    [1, '1', [], 'd1'],
    [2, '2', ['mid'], 'd2'],
  ]);
  const second = await run('GetParameterHistory', { Name: 'h', MaxResults: 2, NextToken: first.NextToken });
  assert.deepEqual(second.Parameters?.map(({ Version, KeyId }) => [Version, KeyId]), [[3, 'alias/aws/ssm']]);
  assert.equal(second.NextToken, undefined);
  await assert.rejects(run('GetParameterHistory', { Name: 'none' }), { code: 'ParameterNotFound' });
});
