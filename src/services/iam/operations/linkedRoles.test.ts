import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, lambdaTrust } from '../testing/harness.ts';

const AWSServiceName = 'dynamodb.application-autoscaling.amazonaws.com';
const RoleName = 'AWSServiceRoleForApplicationAutoScaling_DynamoDBTable';

test('CreateServiceLinkedRole makes the role of a service, which nothing but DeleteServiceLinkedRole takes away', async () => {
  const { iam } = createHarness();
  const { Role } = await iam('CreateServiceLinkedRole', { AWSServiceName });
  assert.equal(Role?.Arn, `arn:aws:iam::${account}:role/aws-service-role/${AWSServiceName}/${RoleName}`);
  await assert.rejects(iam('CreateServiceLinkedRole', { AWSServiceName }), { code: 'InvalidInputException', message: `Service role name ${RoleName} has been taken in this account, please try a different suffix.` });
  const protectedRole = { code: 'UnmodifiableEntityException', message: `Cannot perform the operation on the protected role '${RoleName}' - this role is only modifiable by AWS` };
  await assert.rejects(iam('DeleteRole', { RoleName }), protectedRole);
  await assert.rejects(iam('AttachRolePolicy', { RoleName, PolicyArn: 'arn:aws:iam::aws:policy/PowerUserAccess' }), protectedRole);
  await assert.rejects(iam('UpdateAssumeRolePolicy', { RoleName, PolicyDocument: lambdaTrust }), protectedRole);
  await iam('UpdateRoleDescription', { RoleName, Description: 'ours' });
  const { DeletionTaskId } = await iam('DeleteServiceLinkedRole', { RoleName });
  assert.match(DeletionTaskId ?? '', new RegExp(`^task/aws-service-role/${AWSServiceName}/${RoleName}/[0-9a-f-]{36}$`));
  assert.deepEqual(await iam('GetServiceLinkedRoleDeletionStatus', { DeletionTaskId }), { Status: 'SUCCEEDED' });
  await assert.rejects(iam('GetRole', { RoleName }), { code: 'NoSuchEntityException' });
  await assert.rejects(iam('GetServiceLinkedRoleDeletionStatus', { DeletionTaskId: `${DeletionTaskId}x` }), { code: 'NoSuchEntityException' });
});

test('CreateServiceLinkedRole refuses services without such a role and suffixes that they do not take; CreateRole refuses the path', async () => {
  const { iam } = createHarness();
  await assert.rejects(iam('CreateServiceLinkedRole', { AWSServiceName: 'sqs.amazonaws.com' }), { code: 'InvalidInputException' });
  await assert.rejects(iam('CreateServiceLinkedRole', { AWSServiceName, CustomSuffix: 'x' }), { code: 'InvalidInputException', message: `Custom suffix is not allowed for ${AWSServiceName}` });
  assert.equal((await iam('CreateServiceLinkedRole', { AWSServiceName: 'autoscaling.amazonaws.com', CustomSuffix: 'x' })).Role?.RoleName, 'AWSServiceRoleForAutoScaling_x');
  await assert.rejects(iam('CreateRole', { RoleName: 'mine', Path: '/aws-service-role/sqs.amazonaws.com/', AssumeRolePolicyDocument: lambdaTrust }), { code: 'ValidationError' });
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await assert.rejects(iam('DeleteServiceLinkedRole', { RoleName: 'worker' }), { code: 'NoSuchEntityException' });
});
