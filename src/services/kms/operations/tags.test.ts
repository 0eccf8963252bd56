import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKms, testUser } from '../testKms.ts';

test('tagResource and untagResource change what ListResourceTags answers, and who may use the key', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  const user = testUser('ann', [{ Effect: 'Allow', Action: 'kms:DescribeKey', Resource: '*', Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } } }]);
  await assert.rejects(run('DescribeKey', { KeyId: id }, { user }), { code: 'AccessDeniedException' });
  await run('TagResource', { KeyId: id, Tags: [{ TagKey: 'team', TagValue: 'blue' }, { TagKey: 'a', TagValue: '' }] });
  await run('DescribeKey', { KeyId: id }, { user });
  assert.deepEqual((await run('ListResourceTags', { KeyId: id })).Tags?.map(({ TagKey }) => TagKey), ['a', 'team']);
  await run('UntagResource', { KeyId: id, TagKeys: ['team'] });
  assert.deepEqual((await run('ListResourceTags', { KeyId: id })).Tags?.map(({ TagKey }) => TagKey), ['a']);
});

test('tagResource refuses too many tags, double and reserved ones', async () => {
  const { run, createKey } = createTestKms();
  const { id: KeyId } = await createKey();
  const tags = (count: number) => Array.from({ length: count }, (_, at) => ({ TagKey: `k${at}`, TagValue: '' }));
  await run('TagResource', { KeyId, Tags: tags(50) });
  for (const Tags of [tags(51), [...tags(1), ...tags(1)], [{ TagKey: 'aws:x', TagValue: '' }]]) await assert.rejects(run('TagResource', { KeyId, Tags }), { code: 'TagException' });
});
