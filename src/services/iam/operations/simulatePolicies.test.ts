import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness } from '../testing/harness.ts';

const queue = `arn:aws:sqs:us-east-1:${account}:jobs`;
const policy = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const allow = (Action: string, extra: object = {}): object => ({ Effect: 'Allow', Action, Resource: '*', ...extra });

test('SimulateCustomPolicy decides every action on every resource, and pages', async () => {
  const { iam } = createHarness();
  const input = { PolicyInputList: [policy(allow('sqs:SendMessage'))], ActionNames: ['sqs:SendMessage', 'sqs:DeleteQueue'], ResourceArns: [queue, `${queue}2`] };
  const { EvaluationResults: all = [] } = await iam('SimulateCustomPolicy', input);
  assert.deepEqual(
    all.map(({ EvalActionName, EvalResourceName, EvalDecision }) => `${EvalActionName} ${EvalResourceName} ${EvalDecision}`),
    [`sqs:SendMessage ${queue} allowed`, `sqs:SendMessage ${queue}2 allowed`, `sqs:DeleteQueue ${queue} implicitDeny`, `sqs:DeleteQueue ${queue}2 implicitDeny`],
  );
  const first = await iam('SimulateCustomPolicy', { ...input, MaxItems: 3 });
  assert.equal(first.IsTruncated, true);
  const rest = await iam('SimulateCustomPolicy', { ...input, MaxItems: 3, Marker: first.Marker });
  assert.deepEqual([...(first.EvaluationResults ?? []), ...(rest.EvaluationResults ?? [])], all);
});

test('SimulateCustomPolicy names the matched statements, of a deny only the denying one', async () => {
  const { iam } = createHarness();
  const PolicyInputList = [policy(allow('sqs:*')), policy(allow('*'), { Effect: 'Deny', Action: 'sqs:DeleteQueue', Resource: '*' })];
  const { EvaluationResults: [sends, deletes] = [] } = await iam('SimulateCustomPolicy', { PolicyInputList, ActionNames: ['sqs:SendMessage', 'sqs:DeleteQueue'] });
  assert.deepEqual(sends?.MatchedStatements?.map(({ SourcePolicyId }) => SourcePolicyId), ['PolicyInputList.1', 'PolicyInputList.2']);
  assert.deepEqual(deletes?.MatchedStatements?.map(({ SourcePolicyId, StartPosition }) => [SourcePolicyId, StartPosition]), [['PolicyInputList.2', { Line: 1, Column: 84 }]]);
  assert.equal(deletes?.EvalDecision, 'explicitDeny');
});

test('SimulateCustomPolicy tells which context values are missing, and uses those that are given', async () => {
  const { iam } = createHarness();
  const condition = { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'blue' }, Bool: { 'aws:SecureTransport': 'true' } } };
  const input = { PolicyInputList: [policy(allow('sqs:SendMessage', condition))], ActionNames: ['sqs:SendMessage'] };
  const { EvaluationResults: [without] = [] } = await iam('SimulateCustomPolicy', input);
  assert.deepEqual([without?.EvalDecision, without?.MissingContextValues], ['implicitDeny', ['aws:PrincipalTag/team', 'aws:SecureTransport']]);
  const ContextEntries = [
    { ContextKeyName: 'aws:principaltag/team', ContextKeyType: 'string' as const, ContextKeyValues: ['blue'] },
    { ContextKeyName: 'aws:SecureTransport', ContextKeyType: 'boolean' as const, ContextKeyValues: ['true'] },
  ];
  const { EvaluationResults: [given] = [] } = await iam('SimulateCustomPolicy', { ...input, ContextEntries });
  assert.deepEqual([given?.EvalDecision, given?.MissingContextValues], ['allowed', []]);
});

test('SimulateCustomPolicy weighs a boundary and the policies of an organisation', async () => {
  const { iam } = createHarness();
  const { EvaluationResults: [result] = [] } = await iam('SimulateCustomPolicy', {
    PolicyInputList: [policy(allow('*'))],
    PermissionsBoundaryPolicyInputList: [policy(allow('s3:*'))],
    OrderedOrganizationPolicyInputList: [{ ServiceControlPolicyInputList: [policy(allow('*'))] }],
    ActionNames: ['sqs:SendMessage'],
  });
  assert.deepEqual(
    [result?.EvalDecision, result?.PermissionsBoundaryDecisionDetail, result?.OrganizationsDecisionDetail],
    ['implicitDeny', { AllowedByPermissionsBoundary: false }, { AllowedByOrganizations: true }],
  );
});

test('SimulateCustomPolicy refuses what it cannot judge', async () => {
  const { iam } = createHarness();
  const ok = { PolicyInputList: [policy(allow('*'))], ActionNames: ['sqs:SendMessage'] };
  const wrong = [{ ...ok, ActionNames: ['sqs:*'] }, { ...ok, PolicyInputList: ['{'] }, { ...ok, ResourcePolicy: policy(allow('*')) }, { ...ok, ResourceHandlingOption: 'EC2-VPC-EBS' }];
  for (const input of wrong) await assert.rejects(iam('SimulateCustomPolicy', input), { code: 'InvalidInputException' });
});

test('SimulatePrincipalPolicy reads the policies of a user, its groups and its boundary', async () => {
  const { iam } = createHarness();
  const { User } = await iam('CreateUser', { UserName: 'ann' });
  await iam('CreateGroup', { GroupName: 'team' });
  await iam('AddUserToGroup', { UserName: 'ann', GroupName: 'team' });
  await iam('PutGroupPolicy', { GroupName: 'team', PolicyName: 'sending', PolicyDocument: policy(allow('sqs:SendMessage')) });
  await iam('AttachUserPolicy', { UserName: 'ann', PolicyArn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' });
  const input = { PolicySourceArn: User?.Arn, ActionNames: ['sqs:SendMessage', 's3:GetObject', 'sqs:DeleteQueue'] };
  const { EvaluationResults: results = [] } = await iam('SimulatePrincipalPolicy', input);
  assert.deepEqual(
    results.map(({ EvalDecision, MatchedStatements }) => [EvalDecision, MatchedStatements?.[0]?.SourcePolicyId]),
    [['allowed', 'group_team_sending'], ['allowed', 'AmazonS3ReadOnlyAccess'], ['implicitDeny', undefined]],
  );
  const { EvaluationResults: [excluded] = [] } = await iam('SimulatePrincipalPolicy', {
    ...input,
    ActionNames: ['s3:GetObject'],
    PolicyExclusionList: [{ PolicyArn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' }],
  });
  assert.equal(excluded?.EvalDecision, 'implicitDeny');
  await iam('PutUserPermissionsBoundary', { UserName: 'ann', PermissionsBoundary: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' });
  const { EvaluationResults: [bounded] = [] } = await iam('SimulatePrincipalPolicy', { ...input, ActionNames: ['sqs:SendMessage'] });
  assert.deepEqual([bounded?.EvalDecision, bounded?.PermissionsBoundaryDecisionDetail], ['implicitDeny', { AllowedByPermissionsBoundary: false }]);
});

test('SimulatePrincipalPolicy refuses who is not there', async () => {
  const { iam } = createHarness();
  const ActionNames = ['sqs:SendMessage'];
  await assert.rejects(iam('SimulatePrincipalPolicy', { PolicySourceArn: `arn:aws:iam::${account}:user/absent`, ActionNames }), { code: 'NoSuchEntityException' });
  await assert.rejects(iam('SimulatePrincipalPolicy', { PolicySourceArn: queue, ActionNames }), { code: 'InvalidInputException' });
});

test('GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy list condition keys and variables, each once', async () => {
  const { iam } = createHarness();
  const document = policy(allow('s3:*', { Resource: 'arn:aws:s3:::b/${aws:username}/*', Condition: { DateLessThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' }, StringLike: { 'AWS:UserName': "${aws:PrincipalTag/x, 'none'}" } } }));
  const { ContextKeyNames } = await iam('GetContextKeysForCustomPolicy', { PolicyInputList: [document] });
  assert.deepEqual(ContextKeyNames, ['aws:CurrentTime', 'AWS:UserName', 'aws:PrincipalTag/x']);
  const { User } = await iam('CreateUser', { UserName: 'ann' });
  await iam('PutUserPolicy', { UserName: 'ann', PolicyName: 'p', PolicyDocument: document });
  assert.deepEqual((await iam('GetContextKeysForPrincipalPolicy', { PolicySourceArn: User?.Arn })).ContextKeyNames, ContextKeyNames);
});
