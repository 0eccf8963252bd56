import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../base/errors.ts';
import { ssm } from './service.ts';
import { createTestSsm } from './testing/testSsm.ts';

const hostile = ['', '__proto__', 'constructor', '\u0000', '\ud800', 'x'.repeat(3_000), '本'.repeat(700), 'arn:', 'arn:aws:ssm:us-east-1:000000000000:parameter/', '/', '//', ':', 'a:', 'a:constructor', '[null]', '[{"Type":"Expiration"}]', 'W251bGxd', '(?<a>', '/aws/reference/secretsmanager/'];

/** Every member of text that any operation takes, with one hostile text in all of them but `kept`. */
function inputOf(text: string, kept: object): object {
  return {
    ...{ Name: text, Names: [text], Path: text, Value: text, Description: text, AllowedPattern: text, KeyId: text, Policies: text, DataType: text, NextToken: text },
    ...{ Labels: [text], Tags: [{ Key: text, Value: text }], TagKeys: [text], ResourceId: text, ResourceType: 'Parameter', ResourceArn: text, Policy: text, PolicyId: text, PolicyHash: text },
    ...{ ParameterFilters: [{ Key: 'Name', Option: 'Contains', Values: [text] }] },
    ...kept,
  };
}

test('no text that a request can bring is more than refused by any operation', async () => {
  const { run } = createTestSsm();
  await run('PutParameter', { Name: 'a', Value: '1', Type: 'String', Tier: 'Advanced' });
  const there = { Name: 'a', ResourceId: 'a', Type: 'SecureString', Tier: 'Advanced', NextToken: undefined };
  const tagged = { Path: '/', NextToken: undefined, ParameterFilters: [{ Key: 'tag:constructor', Values: ['x'] }], ParameterVersion: Number.MAX_VALUE, Name: 'a' };
  for (const name of ssm.bind({} as never).operationNames) {
    for (const text of hostile) {
      for (const kept of [{}, there, tagged, { ...there, Name: text, Overwrite: true, Tags: undefined, Policies: undefined, DataType: undefined, KeyId: undefined }]) {
        await run(name as 'GetParameter', inputOf(text, kept) as never).catch((error: unknown) => {
          assert.ok(error instanceof ServiceError, `${name} with ${JSON.stringify(text.slice(0, 20))}: ${error instanceof Error ? error.stack : String(error)}`);
        });
      }
    }
  }
});
