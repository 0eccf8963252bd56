import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, alice, createHarness, root, session } from '../testing/harness.ts';

const Policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';
const arn = `arn:aws:sts::${account}:federated-user/fred`;

test('getFederationToken makes a session for a federated user behind the one who asks', async () => {
  const { sts, grants } = createHarness({ permissions: [{ Effect: 'Allow', Action: ['sts:GetFederationToken', 'sts:TagSession'], Resource: arn }] });
  const answer = await sts('GetFederationToken', { Name: 'fred', Policy, Tags: [{ Key: 'team', Value: 'blue' }] }, alice);
  assert.deepEqual(answer.FederatedUser, { FederatedUserId: `${account}:fred`, Arn: arn });
  assert.equal(answer.PackedPolicySize, 5);
  const [grant] = grants;
  assert.ok(grant?.caller.kind === 'federated-user' && alice.kind === 'user');
  assert.deepEqual(grant.caller.owner, { kind: 'user', userName: 'alice', userId: alice.userId });
  assert.deepEqual([grant.caller.userArn, grant.durationSeconds, grant.conditions], [alice.arn, 43_200, { 'aws:PrincipalTag/team': 'blue' }]);
  assert.deepEqual(grant.policies, [{ source: 'inline:session', document: Policy }]);
});

test('getFederationToken needs permission, long-term keys, and gives root an hour at most', async () => {
  const { sts, grants } = createHarness();
  await assert.rejects(sts('GetFederationToken', { Name: 'fred' }, alice), { code: 'AccessDenied' });
  await sts('GetFederationToken', { Name: 'fred' }, root);
  assert.deepEqual([grants[0]?.durationSeconds, grants[0]?.policies], [3_600, undefined]);
  const open = createHarness({ permissions: [{ Effect: 'Allow', Action: 'sts:*', Resource: '*' }] });
  await assert.rejects(open.sts('GetFederationToken', { Name: 'fred' }, session), { code: 'AccessDenied', message: 'Cannot call GetFederationToken with session credentials' });
});
