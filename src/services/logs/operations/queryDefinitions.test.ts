import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('putQueryDefinition keeps a query by name, which describeQueryDefinitions finds and deleteQueryDefinition removes', async () => {
  const { run } = createTestLogs();
  const { queryDefinitionId } = await run('PutQueryDefinition', { name: 'errors', queryString: 'filter @message like /ERROR/', logGroupNames: ['/app'] });
  await run('PutQueryDefinition', { name: 'all', queryString: 'fields @message' });
  await run('PutQueryDefinition', { name: 'errors', queryDefinitionId, queryString: 'filter level = "ERROR"' });
  const { queryDefinitions = [] } = await run('DescribeQueryDefinitions', {});
  assert.deepEqual(queryDefinitions.map(({ name, queryString, logGroupNames }) => [name, queryString, logGroupNames]), [['all', 'fields @message', []], ['errors', 'filter level = "ERROR"', []]]);
  assert.deepEqual((await run('DescribeQueryDefinitions', { queryDefinitionNamePrefix: 'e' })).queryDefinitions?.map(({ name }) => name), ['errors']);
  const page = await run('DescribeQueryDefinitions', { maxResults: 1 });
  assert.deepEqual((await run('DescribeQueryDefinitions', { nextToken: page.nextToken })).queryDefinitions?.map(({ name }) => name), ['errors']);
  assert.deepEqual(await run('DeleteQueryDefinition', { queryDefinitionId }), { success: true });
  await assert.rejects(run('DeleteQueryDefinition', { queryDefinitionId }), { code: 'ResourceNotFoundException' });
});

test('putQueryDefinition refuses a query that is none, a name that is taken and an id that is not there', async () => {
  const { run } = createTestLogs();
  const put = (more: object) => run('PutQueryDefinition', { name: 'q', queryString: 'fields @message', ...more });
  await put({});
  await assert.rejects(put({ name: 'r', queryString: 'nope' }), { code: 'MalformedQueryException' });
  await assert.rejects(put({}), { code: 'InvalidParameterException' });
  await assert.rejects(put({ queryDefinitionId: 'none' }), { code: 'ResourceNotFoundException' });
  await assert.rejects(put({ name: 'r', queryLanguage: 'PPL' }), { code: 'InvalidParameterException' });
  await assert.rejects(put({ name: 'r', parameters: [{ name: 'p' }] }), { code: 'InvalidParameterException' });
});
