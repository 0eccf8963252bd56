import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

test('GetAccountAuthorizationDetails pages through users, groups, roles and the policies in use', async () => {
  const { iam, createUser } = createHarness();
  await createUser('ann', [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
  await iam('CreateGroup', { GroupName: 'people' });
  await iam('AddUserToGroup', { GroupName: 'people', UserName: 'ann' });
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  const managed = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
  await iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn: managed });
  await iam('CreatePolicy', { PolicyName: 'own', PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}' });
  const all = await iam('GetAccountAuthorizationDetails', {});
  assert.deepEqual(all.UserDetailList?.map(({ UserName, GroupList, UserPolicyList }) => [UserName, GroupList, UserPolicyList?.[0]?.PolicyName]), [['ann', ['people'], 'own']]);
  assert.deepEqual(all.RoleDetailList?.[0]?.AttachedManagedPolicies, [{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: managed }]);
  assert.deepEqual(all.Policies?.map(({ PolicyName, PolicyVersionList }) => [PolicyName, PolicyVersionList?.length]), [['own', 1], ['AWSLambdaBasicExecutionRole', 1]]);

  const seen: string[] = [];
  let Marker: string | undefined;
  for (let pages = 0; pages < 10; pages += 1) {
    const page = await iam('GetAccountAuthorizationDetails', { MaxItems: 1, Marker });
    seen.push(...(page.UserDetailList ?? []).map(({ UserName = '' }) => UserName), ...(page.GroupDetailList ?? []).map(({ GroupName = '' }) => GroupName));
    seen.push(...(page.RoleDetailList ?? []).map(({ RoleName = '' }) => RoleName), ...(page.Policies ?? []).map(({ PolicyName = '' }) => PolicyName));
    Marker = page.Marker;
    if (!page.IsTruncated) break;
  }
  assert.deepEqual(seen, ['ann', 'people', 'worker', 'own', 'AWSLambdaBasicExecutionRole']);
  const roles = await iam('GetAccountAuthorizationDetails', { Filter: ['Role'] });
  assert.deepEqual([roles.RoleDetailList?.length, roles.UserDetailList?.length, roles.Policies?.length], [1, 0, 0]);
});
