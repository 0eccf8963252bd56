import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, type Harness } from '../testing/harness.ts';

const PolicyArn = `arn:aws:iam::${account}:policy/team/reader`;
const documentOf = (action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });

async function withPolicy(): Promise<Harness> {
  const harness = createHarness();
  await harness.iam('CreatePolicy', { PolicyName: 'reader', Path: '/team/', PolicyDocument: documentOf('s3:GetObject'), Description: 'reads' });
  return harness;
}

test('createPolicyVersion numbers versions for good and stops at five', async () => {
  const { iam } = await withPolicy();
  for (let number = 2; number <= 5; number += 1) {
    const { PolicyVersion: version } = await iam('CreatePolicyVersion', { PolicyArn, PolicyDocument: documentOf(`s3:${number}`), SetAsDefault: number === 3 });
    assert.equal(version?.VersionId, `v${number}`);
  }
  await assert.rejects(iam('CreatePolicyVersion', { PolicyArn, PolicyDocument: documentOf('s3:*') }), {
    code: 'LimitExceededException',
    message: 'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
  });
  await assert.rejects(iam('DeletePolicyVersion', { PolicyArn, VersionId: 'v3' }), { message: 'Cannot delete the default version of a policy.' });
  await iam('DeletePolicyVersion', { PolicyArn, VersionId: 'v5' });
  await iam('CreatePolicyVersion', { PolicyArn, PolicyDocument: documentOf('s3:6') });
  const { Versions: versions } = await iam('ListPolicyVersions', { PolicyArn });
  assert.deepEqual(versions?.map(({ VersionId, IsDefaultVersion }) => `${VersionId} ${IsDefaultVersion}`), [
    'v6 false',
    'v4 false',
    'v3 true',
    'v2 false',
    'v1 false',
  ]);
  const { PolicyVersion: first } = await iam('GetPolicyVersion', { PolicyArn, VersionId: 'v1' });
  assert.equal(decodeURIComponent(first?.Document ?? ''), documentOf('s3:GetObject'));
  await assert.rejects(iam('GetPolicyVersion', { PolicyArn, VersionId: 'v5' }), {
    code: 'NoSuchEntityException',
    message: `Policy ${PolicyArn} version v5 does not exist or is not attachable.`,
  });
});

test('setDefaultPolicyVersion changes what those it is attached to may do', async () => {
  const { iam, identity, createUser } = await withPolicy();
  const alice = await createUser('alice', []);
  await iam('AttachUserPolicy', { UserName: 'alice', PolicyArn });
  await iam('CreatePolicyVersion', { PolicyArn, PolicyDocument: documentOf('s3:PutObject') });
  const document = async (): Promise<string | undefined> => (await identity.policiesOf(alice, undefined)).identity[0]?.document;
  assert.equal(await document(), documentOf('s3:GetObject'));
  await iam('SetDefaultPolicyVersion', { PolicyArn, VersionId: 'v2' });
  assert.equal(await document(), documentOf('s3:PutObject'));
});
