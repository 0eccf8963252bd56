import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness } from '../testing/harness.ts';

test("getPolicy describes AWS's own policies, with the account's own use of them", async () => {
  const { iam, createUser } = createHarness();
  const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
  await createUser('alice', [{ Effect: 'Allow', Action: 'iam:GetPolicy', Resource: '*' }]);
  await iam('AttachUserPolicy', { UserName: 'alice', PolicyArn });
  const { Policy: policy } = await iam('GetPolicy', { PolicyArn });
  assert.deepEqual([policy?.PolicyName, policy?.Path, policy?.AttachmentCount, policy?.Tags], ['AWSLambdaBasicExecutionRole', '/service-role/', 1, []]);
});

test('getPolicy of a policy of AWS is allowed by the own policies of a user', async () => {
  const { iam, createUser } = createHarness();
  const alice = await createUser('alice', [{ Effect: 'Allow', Action: 'iam:GetPolicy', Resource: 'arn:aws:iam::aws:policy/*' }]);
  await iam('GetPolicy', { PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }, alice);
});

test('getPolicy leaves policies of other accounts alone', async () => {
  const { iam } = createHarness();
  const PolicyArn = 'arn:aws:iam::222222222222:policy/reader';
  await assert.rejects(iam('GetPolicy', { PolicyArn }), {
    code: 'AccessDenied',
    message: new RegExp(`^User: arn:aws:iam::${account}:root is not authorized to perform: iam:GetPolicy on resource: ${PolicyArn}`),
  });
});
