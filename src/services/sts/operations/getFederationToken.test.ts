import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, alice, createHarness, session } from '../testing/harness.ts';

const mayFederate = [{ Effect: 'Allow', Action: ['sts:GetFederationToken', 'sts:TagSession'], Resource: '*' }];
const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] });

test('GetFederationToken makes a session of its user, within the policies that are passed', async () => {
  const { sts, grants } = createHarness({ permissions: mayFederate });
  const answer = await sts('GetFederationToken', { Name: 'fred', Policy, Tags: [{ Key: 'team', Value: 'blue' }] }, alice);
  assert.deepEqual(answer.FederatedUser, { FederatedUserId: `${account}:fred`, Arn: `arn:aws:sts::${account}:federated-user/fred` });
  assert.ok((answer.PackedPolicySize ?? 0) > 0);
  const [grant] = grants;
  assert.ok(grant?.caller.kind === 'federated-user');
  assert.deepEqual(grant.caller.owner, { kind: 'user', userName: 'alice', userId: 'AIDAALICE' });
  assert.deepEqual([grant.durationSeconds, grant.conditions, grant.policies], [43_200, { 'aws:PrincipalTag/team': 'blue' }, [{ source: 'inline:session', document: Policy }]]);
});

test('GetFederationToken without policies makes a session that may do nothing by itself, and root\'s lasts an hour at most', async () => {
  const { sts, grants } = createHarness();
  await sts('GetFederationToken', { Name: 'fred' });
  assert.deepEqual([grants[0]?.policies, grants[0]?.durationSeconds], [[], 3_600]);
});

test('GetFederationToken takes a permission, and no session may ask', async () => {
  const { sts } = createHarness();
  await assert.rejects(sts('GetFederationToken', { Name: 'fred' }, alice), {
    code: 'AccessDenied',
    message: `User: ${alice.kind === 'user' ? alice.arn : ''} is not authorized to perform: sts:GetFederationToken on resource: arn:aws:sts::${account}:federated-user/fred because no identity-based policy allows the sts:GetFederationToken action`,
  });
  await assert.rejects(sts('GetFederationToken', { Name: 'fred' }, session), { code: 'AccessDenied', message: 'Cannot call GetFederationToken with session credentials' });
  await assert.rejects(sts('GetFederationToken', { Name: 'fred', MinimumSessionTokenSize: 257 }), { code: 'ValidationError' });
});
