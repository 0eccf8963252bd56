import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, lambdaTrust, type Harness } from '../testing/harness.ts';

const basic = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

async function withRole(): Promise<Harness> {
  const harness = createHarness();
  await harness.iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  return harness;
}

test("attachRolePolicy attaches AWS's own policies, twice is once", async () => {
  const { iam } = await withRole();
  await iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn: basic });
  await iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn: basic });
  assert.deepEqual(await iam('ListAttachedRolePolicies', { RoleName: 'worker' }), {
    AttachedPolicies: [{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: basic }],
    IsTruncated: false,
  });
});

test('attachRolePolicy refuses what is no ARN, no policy, or no role', async () => {
  const { iam } = await withRole();
  await assert.rejects(iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn: 'longpolicynamebutnoarn' }), {
    code: 'InvalidInputException',
    message: 'ARN longpolicynamebutnoarn is not valid.',
  });
  const PolicyArn = `arn:aws:iam::${account}:policy/none`;
  await assert.rejects(iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn }), {
    code: 'NoSuchEntityException',
    message: `Policy ${PolicyArn} does not exist or is not attachable.`,
  });
  await assert.rejects(iam('AttachRolePolicy', { RoleName: 'nobody', PolicyArn: basic }), {
    code: 'NoSuchEntityException',
    message: 'The role with name nobody cannot be found.',
  });
});

test('attachRolePolicy stops at ten policies', async () => {
  const { iam, identity } = await withRole();
  const arns = identity.managedPolicies.all.slice(0, 11).map(({ arn }) => arn);
  for (const PolicyArn of arns.slice(0, 10)) await iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn });
  await assert.rejects(iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn: arns[10] ?? '' }), {
    code: 'LimitExceededException',
    message: 'Cannot exceed quota for PoliciesPerRole: 10',
  });
  const first = await iam('ListAttachedRolePolicies', { RoleName: 'worker', MaxItems: 7 });
  assert.equal(first.IsTruncated, true);
  const second = await iam('ListAttachedRolePolicies', { RoleName: 'worker', MaxItems: 7, Marker: first.Marker });
  assert.equal(second.IsTruncated, false);
  const listed = [first, second].flatMap(({ AttachedPolicies = [] }) => AttachedPolicies.map(({ PolicyArn }) => PolicyArn));
  assert.deepEqual(listed.toSorted(), arns.slice(0, 10).toSorted());
});
