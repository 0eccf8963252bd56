import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '../../../ports/identity.ts';
import { account, createHarness, lambdaTrust, type Harness } from '../testing/harness.ts';

const statement = { Effect: 'Allow', Action: ['iam:GetUser', 'iam:ListUsers', 'sqs:SendMessage'], Resource: '*' };

async function report({ iam }: Harness, Arn: string, Granularity?: 'ACTION_LEVEL') {
  const { JobId } = await iam('GenerateServiceLastAccessedDetails', { Arn, Granularity });
  return { JobId, details: await iam('GetServiceLastAccessedDetails', { JobId }) };
}

test('GenerateServiceLastAccessedDetails and GetServiceLastAccessedDetails tell which services a user may use and has used', async () => {
  const harness = createHarness();
  const ann = await harness.createUser('ann', [statement]);
  assert.ok(ann.kind === 'user');
  await harness.iam('GetUser', {}, ann);
  await assert.rejects(harness.iam('ListRoles', {}, ann), { code: 'AccessDenied' });
  const { details } = await report(harness, ann.arn, 'ACTION_LEVEL');
  assert.equal(details.JobStatus, 'COMPLETED');
  assert.deepEqual(
    details.ServicesLastAccessed?.map(({ ServiceNamespace, TotalAuthenticatedEntities, TrackedActionsLastAccessed = [] }) => [
      ServiceNamespace,
      TotalAuthenticatedEntities,
      TrackedActionsLastAccessed.map(({ ActionName, LastAccessedEntity }) => [ActionName, LastAccessedEntity]),
    ]),
    [
      ['iam', 1, [['GetUser', ann.arn], ['ListUsers', undefined]]],
      ['sqs', 0, [['SendMessage', undefined]]],
    ],
  );
});

test('GetServiceLastAccessedDetails leaves out actions unless they were asked for, and pages', async () => {
  const harness = createHarness();
  const ann = await harness.createUser('ann', [statement]);
  assert.ok(ann.kind === 'user');
  const { JobId, details } = await report(harness, ann.arn);
  assert.ok(details.ServicesLastAccessed?.every(({ TrackedActionsLastAccessed }) => TrackedActionsLastAccessed === undefined));
  const first = await harness.iam('GetServiceLastAccessedDetails', { JobId, MaxItems: 1 });
  assert.deepEqual([first.ServicesLastAccessed?.length, first.IsTruncated], [1, true]);
});

test('GetServiceLastAccessedDetailsWithEntities tells the members of a group and the users of a policy', async () => {
  const harness = createHarness();
  const { iam } = harness;
  const ann = await harness.createUser('ann', []);
  await harness.createUser('ben', []);
  await iam('CreateGroup', { GroupName: 'team' });
  const { Policy } = await iam('CreatePolicy', { PolicyName: 'p', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) });
  await iam('AttachGroupPolicy', { GroupName: 'team', PolicyArn: Policy?.Arn });
  for (const UserName of ['ann', 'ben']) await iam('AddUserToGroup', { GroupName: 'team', UserName });
  await iam('GetUser', {}, ann);
  for (const Arn of [`arn:aws:iam::${account}:group/team`, Policy?.Arn ?? '']) {
    const { JobId } = await report(harness, Arn);
    const { EntityDetailsList: list = [] } = await iam('GetServiceLastAccessedDetailsWithEntities', { JobId, ServiceNamespace: 'iam' });
    assert.deepEqual(list.map(({ EntityInfo, LastAuthenticated }) => [EntityInfo?.Name, LastAuthenticated !== undefined]), [['ann', true], ['ben', false]]);
  }
});

test('the figures of a user go with it, and a report is forgotten after a day', async () => {
  const harness = createHarness();
  const { iam } = harness;
  const ann = await harness.createUser('ann', [statement]);
  assert.ok(ann.kind === 'user');
  await iam('GetUser', {}, ann);
  const { JobId } = await report(harness, ann.arn);
  await iam('DeleteUserPolicy', { UserName: 'ann', PolicyName: 'own' });
  await iam('DeleteUser', { UserName: 'ann' });
  const again = await harness.createUser('ann', [statement]);
  assert.ok(again.kind === 'user');
  const { details } = await report(harness, again.arn);
  assert.ok(details.ServicesLastAccessed?.every(({ LastAuthenticated }) => LastAuthenticated === undefined));
  harness.clock.advance(25 * 3_600_000);
  await assert.rejects(iam('GetServiceLastAccessedDetails', { JobId }), { code: 'NoSuchEntityException' });
});

test('GenerateServiceLastAccessedDetails refuses who is not there', async () => {
  const { iam } = createHarness();
  await assert.rejects(iam('GenerateServiceLastAccessedDetails', { Arn: `arn:aws:iam::${account}:role/absent` }), { code: 'NoSuchEntityException' });
  await assert.rejects(iam('GenerateServiceLastAccessedDetails', { Arn: 'arn:aws:sqs:us-east-1:1:q-------' }), { code: 'InvalidInputException' });
});

test('GetAccessKeyLastUsed and GetRole tell when a key and a role were last used', async () => {
  const harness = createHarness();
  const { iam, use } = harness;
  const ann = await harness.createUser('ann', []);
  const { AccessKey } = await iam('CreateAccessKey', { UserName: 'ann' });
  const AccessKeyId = AccessKey?.AccessKeyId ?? '';
  assert.deepEqual((await iam('GetAccessKeyLastUsed', { AccessKeyId })).AccessKeyLastUsed, { ServiceName: 'N/A', Region: 'N/A' });
  use.keyUsed({ accessKeyId: AccessKeyId, account, service: 'sqs', region: 'eu-west-1', nowMs: 5_000 });
  assert.deepEqual(await iam('GetAccessKeyLastUsed', { AccessKeyId }), { UserName: 'ann', AccessKeyLastUsed: { LastUsedDate: new Date(5_000), ServiceName: 'sqs', Region: 'eu-west-1' } });
  await assert.rejects(iam('GetAccessKeyLastUsed', { AccessKeyId }, ann), { code: 'AccessDenied' });
  await assert.rejects(iam('GetAccessKeyLastUsed', { AccessKeyId: 'AKIAABSENTABSENT1234' }), { code: 'NoSuchEntityException' });
  const { Role } = await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  assert.deepEqual((await iam('GetRole', { RoleName: 'worker' })).Role?.RoleLastUsed, {});
  const session: Caller = { kind: 'role-session', account, arn: '', userId: `${Role?.RoleId}:s`, roleArn: Role?.Arn ?? '', roleName: 'worker', sessionName: 's' };
  for (const nowMs of [9_000, 7_000]) use.actionUsed({ caller: session, action: `sqs:A${nowMs}`, region: 'eu-west-1', nowMs });
  await use.flush();
  assert.deepEqual((await iam('GetRole', { RoleName: 'worker' })).Role?.RoleLastUsed, { LastUsedDate: new Date(9_000), Region: 'eu-west-1' });
});
