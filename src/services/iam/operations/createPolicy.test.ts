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
