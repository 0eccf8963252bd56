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

test("listPolicies pages over the account's own policies and then AWS's", async () => {
  const { iam, identity } = await withPolicy();
  await iam('CreatePolicy', { PolicyName: 'another', PolicyDocument: documentOf('s3:*') });
  const names: string[] = [];
  for (let Marker: string | undefined; ; ) {
    const page = await iam('ListPolicies', { MaxItems: 50, Marker });
    names.push(...(page.Policies ?? []).map(({ PolicyName = '' }) => PolicyName));
    if (!page.IsTruncated) break;
    Marker = page.Marker;
  }
  assert.deepEqual(names, ['another', 'reader', ...identity.managedPolicies.all.map(({ name }) => name)]);
  const local = await iam('ListPolicies', { Scope: 'Local', PathPrefix: '/team/' });
  assert.deepEqual(local.Policies?.map(({ PolicyName }) => PolicyName), ['reader']);
});

test('listPolicies and listEntitiesForPolicy know what is attached', async () => {
  const { iam, createUser } = await withPolicy();
  await createUser('alice', []);
  await iam('AttachUserPolicy', { UserName: 'alice', PolicyArn });
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust, PermissionsBoundary: PolicyArn });
  const { Policies: attached } = await iam('ListPolicies', { OnlyAttached: true });
  assert.deepEqual(attached?.map((policy) => [policy.PolicyName, policy.AttachmentCount, policy.PermissionsBoundaryUsageCount]), [['reader', 1, 1]]);
  const all = await iam('ListEntitiesForPolicy', { PolicyArn });
  assert.deepEqual([all.PolicyUsers?.[0]?.UserName, all.PolicyRoles?.[0]?.RoleName, all.PolicyGroups], ['alice', 'worker', []]);
  const bounded = await iam('ListEntitiesForPolicy', { PolicyArn, PolicyUsageFilter: 'PermissionsBoundary' });
  assert.deepEqual([bounded.PolicyUsers, bounded.PolicyRoles?.length], [[], 1]);
});
