import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSsm } from '../testing/testSsm.ts';

test('describeParameters filters by everything that AWS filters by', async () => {
  const { run } = createTestSsm();
  await run('PutParameter', { Name: '/app/db', Value: 'x', Type: 'SecureString', Tags: [{ Key: 'env', Value: 'prod' }] });
  await run('PutParameter', { Name: '/app/deep/er', Value: 'x', Type: 'String', Tier: 'Advanced' });
  await run('PutParameter', { Name: 'other', Value: 'a,b', Type: 'StringList' });
  const find = async (...ParameterFilters: { Key: string; Option?: string; Values?: string[] }[]) => (await run('DescribeParameters', { ParameterFilters })).Parameters?.map(({ Name }) => Name);
  assert.deepEqual(await find(), ['/app/db', '/app/deep/er', 'other']);
  assert.deepEqual(await find({ Key: 'Path', Values: ['/app'] }), ['/app/db']);
  assert.deepEqual(await find({ Key: 'Path', Option: 'Recursive', Values: ['/app'] }), ['/app/db', '/app/deep/er']);
  assert.deepEqual(await find({ Key: 'Name', Values: ['app/db'] }), ['/app/db']);
  assert.deepEqual(await find({ Key: 'Name', Option: 'BeginsWith', Values: ['/app'] }), ['/app/db', '/app/deep/er']);
  assert.deepEqual(await find({ Key: 'Name', Option: 'Contains', Values: ['e'] }), ['/app/deep/er', 'other']);
  assert.deepEqual(await find({ Key: 'Type', Values: ['StringList', 'SecureString'] }), ['/app/db', 'other']);
  assert.deepEqual(await find({ Key: 'KeyId', Values: ['alias/aws/ssm'] }), ['/app/db']);
  assert.deepEqual(await find({ Key: 'Tier', Values: ['Advanced'] }), ['/app/deep/er']);
  assert.deepEqual(await find({ Key: 'DataType', Values: ['text'] }, { Key: 'tag:env', Values: ['prod'] }), ['/app/db']);
  assert.deepEqual(await find({ Key: 'tag:env' }), ['/app/db']);
  const old = await run('DescribeParameters', { Filters: [{ Key: 'Name', Values: ['oth'] }] });
  assert.deepEqual(old.Parameters?.map(({ Name }) => Name), ['other']);
});

test('describeParameters refuses filters that are none, and pages', async () => {
  const { run } = createTestSsm();
  for (let index = 0; index < 3; index++) await run('PutParameter', { Name: `p${index}`, Value: 'x', Type: 'String' });
  const first = await run('DescribeParameters', { MaxResults: 2 });
  const second = await run('DescribeParameters', { MaxResults: 2, NextToken: first.NextToken });
  assert.deepEqual([first.Parameters?.length, second.Parameters?.map(({ Name }) => Name), second.NextToken], [2, ['p2'], undefined]);
  const refuse = (filter: { Key: string; Option?: string; Values?: string[] }, code: string) => assert.rejects(run('DescribeParameters', { ParameterFilters: [filter] }), { code });
  await refuse({ Key: 'Label', Values: ['x'] }, 'InvalidFilterKey');
  await refuse({ Key: 'Name' }, 'InvalidFilterValue');
  await refuse({ Key: 'Type', Option: 'Contains', Values: ['String'] }, 'InvalidFilterOption');
  await refuse({ Key: 'Path', Values: ['/aws/x'] }, 'ValidationException');
  await assert.rejects(run('DescribeParameters', { Filters: [{ Key: 'Name', Values: ['a'] }], ParameterFilters: [{ Key: 'Name', Values: ['a'] }] }), { code: 'ValidationException' });
});
