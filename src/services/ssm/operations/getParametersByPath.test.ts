import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSsm } from '../testing/testSsm.ts';

const names = ['/a', '/a/1', '/a/b/1', '/a/b/2', '/a/b/c/1', '/a/z', '/ab/1', 'plain'];

async function createTree() {
  const ssm = createTestSsm();
  for (const Name of names) await ssm.run('PutParameter', { Name, Value: Name, Type: Name.endsWith('2') ? 'StringList' : 'String' });
  const list = async (Path: string, more: object = {}) => {
    const found: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await ssm.run('GetParametersByPath', { Path, ...(NextToken === undefined ? {} : { NextToken }), ...more });
      found.push(...(page.Parameters ?? []).map(({ Name = '' }) => Name));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return found;
  };
  return { ...ssm, list };
}

test('getParametersByPath gives one level, or all of them, in pages', async () => {
  const { list } = await createTree();
  assert.deepEqual(await list('/a'), ['/a/1', '/a/z']);
  assert.deepEqual(await list('/a/'), ['/a/1', '/a/z']);
  assert.deepEqual(await list('/'), ['/a']);
  const all = ['/a/1', '/a/b/1', '/a/b/2', '/a/b/c/1', '/a/z'];
  assert.deepEqual(await list('/a', { Recursive: true }), all);
  assert.deepEqual(await list('/a', { Recursive: true, MaxResults: 1 }), all);
  assert.deepEqual(await list('/a', { MaxResults: 1 }), ['/a/1', '/a/z']);
});

test('getParametersByPath filters by type and label, and refuses other filters and paths', async () => {
  const { list, run } = await createTree();
  assert.deepEqual(await list('/a', { Recursive: true, ParameterFilters: [{ Key: 'Type', Values: ['StringList'] }] }), ['/a/b/2']);
  await run('LabelParameterVersion', { Name: '/a/z', Labels: ['prod'] });
  assert.deepEqual(await list('/a', { ParameterFilters: [{ Key: 'Label', Values: ['prod'] }] }), ['/a/z']);
  await assert.rejects(list('/a', { ParameterFilters: [{ Key: 'Name', Values: ['x'] }] }), { code: 'InvalidFilterKey' });
  await assert.rejects(list('/a', { ParameterFilters: [{ Key: 'Type', Values: ['X'] }] }), { code: 'InvalidFilterOption' });
  await assert.rejects(list('a'), { code: 'ValidationException' });
  await assert.rejects(list('/a', { NextToken: 'x' }), { code: 'InvalidNextToken' });
});

test('getParametersByPath finds nothing below a path that is longer than any name', async () => {
  const { list } = await createTree();
  assert.deepEqual(await list(`/${'x'.repeat(2_047)}`), []);
});

test('getParametersByPath asks for permission on the path', async () => {
  const { access } = createTestSsm();
  assert.deepEqual(await access('GetParametersByPath', { Path: '/a/b', Recursive: true }), [
    { action: 'ssm:GetParametersByPath', resource: 'arn:aws:ssm:us-east-1:000000000000:parameter/a/b', conditions: { 'ssm:Recursive': 'true' } },
  ]);
});
