import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

test('tagRole merges tags without regard to case', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust, Tags: [{ Key: 'Team', Value: 'blue' }] });
  await iam('TagRole', { RoleName: 'worker', Tags: [{ Key: 'team', Value: 'red' }, { Key: 'cost', Value: '1' }] });
  assert.deepEqual(await iam('ListRoleTags', { RoleName: 'worker' }), {
    Tags: [{ Key: 'cost', Value: '1' }, { Key: 'team', Value: 'red' }],
    IsTruncated: false,
  });
  await iam('UntagRole', { RoleName: 'worker', TagKeys: ['COST', 'none'] });
  assert.deepEqual((await iam('GetRole', { RoleName: 'worker' })).Role?.Tags, [{ Key: 'team', Value: 'red' }]);
  const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
  await assert.rejects(iam('TagRole', { RoleName: 'worker', Tags: many }), { code: 'LimitExceededException' });
});
