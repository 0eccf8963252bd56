import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, lambdaTrust, type Harness } from '../testing/harness.ts';

const PolicyArn = `arn:aws:iam::${account}:policy/team/reader`;
const documentOf = (action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });

async function withPolicy(): Promise<Harness> {
  const harness = createHarness();
  await harness.iam('CreatePolicy', { PolicyName: 'reader', Path: '/team/', PolicyDocument: documentOf('s3:GetObject'), Description: 'reads' });
  return harness;
}

test('listEntitiesForPolicy filters by kind, by use and by path', async () => {
  const { iam, createUser } = await withPolicy();
  await createUser('alice', []);
  await iam('AttachUserPolicy', { UserName: 'alice', PolicyArn });
  await iam('CreateRole', { RoleName: 'worker', Path: '/apps/', AssumeRolePolicyDocument: lambdaTrust, PermissionsBoundary: PolicyArn });
  await iam('CreateGroup', { GroupName: 'staff' });
  await iam('AttachGroupPolicy', { GroupName: 'staff', PolicyArn });
  const found = async (filter: { EntityFilter?: 'User' | 'Role'; PolicyUsageFilter?: 'PermissionsBoundary'; PathPrefix?: string }) => {
    const { PolicyUsers = [], PolicyRoles = [], PolicyGroups = [] } = await iam('ListEntitiesForPolicy', { PolicyArn, ...filter });
    return [...PolicyUsers.map((user) => user.UserName), ...PolicyRoles.map((role) => role.RoleName), ...PolicyGroups.map((group) => group.GroupName)];
  };
  assert.deepEqual(await found({}), ['alice', 'worker', 'staff']);
  assert.deepEqual(await found({ EntityFilter: 'User' }), ['alice']);
  assert.deepEqual(await found({ PolicyUsageFilter: 'PermissionsBoundary' }), ['worker']);
  assert.deepEqual(await found({ PathPrefix: '/apps/' }), ['worker']);
});
