import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness } from '../testing/harness.ts';

const document = (Action: string | string[]): string => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

test('ListPoliciesGrantingServiceAccess tells which policies of a user and its groups allow anything in a service', async () => {
  const { iam } = createHarness();
  await iam('CreateUser', { UserName: 'ann' });
  await iam('CreateGroup', { GroupName: 'staff' });
  await iam('AddUserToGroup', { UserName: 'ann', GroupName: 'staff' });
  await iam('PutUserPolicy', { UserName: 'ann', PolicyName: 'own', PolicyDocument: document(['sqs:Get*', 'kms:NoSuchThing']) });
  await iam('PutGroupPolicy', { GroupName: 'staff', PolicyName: 'shared', PolicyDocument: document('*') });
  const { Policy } = await iam('CreatePolicy', { PolicyName: 'managed', PolicyDocument: document('s3:GetObject') });
  await iam('AttachUserPolicy', { UserName: 'ann', PolicyArn: Policy?.Arn });
  const Arn = `arn:aws:iam::${account}:user/ann`;
  const { PoliciesGrantingServiceAccess: found = [], IsTruncated } = await iam('ListPoliciesGrantingServiceAccess', { Arn, ServiceNamespaces: ['sqs', 's3', 'kms'] });
  const shared = { PolicyName: 'shared', PolicyType: 'INLINE', EntityType: 'GROUP', EntityName: 'staff' };
  assert.deepEqual(found, [
    { ServiceNamespace: 'sqs', Policies: [{ PolicyName: 'own', PolicyType: 'INLINE', EntityType: 'USER', EntityName: 'ann' }, shared] },
    { ServiceNamespace: 's3', Policies: [{ PolicyName: 'managed', PolicyType: 'MANAGED', PolicyArn: Policy?.Arn }, shared] },
    { ServiceNamespace: 'kms', Policies: [shared] },
  ]);
  assert.equal(IsTruncated, false);
  await assert.rejects(iam('ListPoliciesGrantingServiceAccess', { Arn: `${Arn}2`, ServiceNamespaces: ['sqs'] }), { code: 'NoSuchEntityException' });
  await assert.rejects(iam('ListPoliciesGrantingServiceAccess', { Arn, ServiceNamespaces: ['sqs'], Marker: 'x' }), { code: 'InvalidInputException' });
});
