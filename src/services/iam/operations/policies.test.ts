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

test('createPolicy answers the policy, getPolicy its description as well', async () => {
  const { iam } = await withPolicy();
  await assert.rejects(iam('CreatePolicy', { PolicyName: 'Reader', PolicyDocument: documentOf('s3:*') }), {
    code: 'EntityAlreadyExistsException',
    message: 'A policy called Reader already exists. Duplicate names are not allowed.',
  });
  const { Policy: policy } = await iam('GetPolicy', { PolicyArn });
  assert.equal(policy?.Arn, PolicyArn);
  assert.equal(policy?.Description, 'reads');
  assert.equal(policy?.DefaultVersionId, 'v1');
  assert.equal(policy?.AttachmentCount, 0);
  await assert.rejects(iam('GetPolicy', { PolicyArn: `arn:aws:iam::${account}:policy/reader` }), {
    code: 'NoSuchEntityException',
    message: `Policy arn:aws:iam::${account}:policy/reader was not found.`,
  });
});

test('createPolicy stops at 6,144 characters that are not white space', async () => {
  const { iam } = createHarness();
  const fill = (chars: number): string => {
    const document = documentOf('s3:*');
    return document.replace('s3:*', `s3:${'a'.repeat(chars - document.length + 1)}`);
  };
  assert.equal(fill(6_144).length, 6_144);
  await iam('CreatePolicy', { PolicyName: 'full', PolicyDocument: fill(6_144) + ' '.repeat(60_000) });
  await assert.rejects(iam('CreatePolicy', { PolicyName: 'over', PolicyDocument: fill(6_145) }), {
    code: 'LimitExceededException',
    message: 'Cannot exceed quota for PolicySize: 6144',
  });
});

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

test('deletePolicy waits until it is detached and has one version', async () => {
  const { iam, createUser } = await withPolicy();
  await createUser('alice', []);
  await iam('PutUserPermissionsBoundary', { UserName: 'alice', PermissionsBoundary: PolicyArn });
  await iam('CreatePolicyVersion', { PolicyArn, PolicyDocument: documentOf('s3:*') });
  await assert.rejects(iam('DeletePolicy', { PolicyArn }), { code: 'DeleteConflictException', message: 'Cannot delete a policy attached to entities.' });
  await iam('DeleteUserPermissionsBoundary', { UserName: 'alice' });
  await assert.rejects(iam('DeletePolicy', { PolicyArn }), { code: 'DeleteConflictException', message: /^This policy has more than one version\./ });
  await iam('DeletePolicyVersion', { PolicyArn, VersionId: 'v2' });
  await iam('DeletePolicy', { PolicyArn });
  await assert.rejects(iam('GetPolicy', { PolicyArn }), { code: 'NoSuchEntityException' });
  await iam('CreatePolicy', { PolicyName: 'reader', Path: '/team/', PolicyDocument: documentOf('s3:*') });
});

test("deletePolicy leaves AWS's own policies alone", async () => {
  const { iam } = createHarness();
  const arn = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await assert.rejects(iam('DeletePolicy', { PolicyArn: arn }), {
    code: 'AccessDenied',
    message: `User: arn:aws:iam::${account}:root is not authorized to perform: iam:DeletePolicy on resource: policy ${arn}`,
  });
  assert.equal((await iam('GetPolicy', { PolicyArn: arn })).Policy?.PolicyName, 'AdministratorAccess');
});

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
