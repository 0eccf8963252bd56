import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, alice, createHarness } from '../testing/harness.ts';

test('AssumeRoot, GetDelegatedAccessToken and GetWebIdentityToken answer as in an account that is not set up for them', async () => {
  const { sts } = createHarness();
  const rootArn = `arn:aws:iam::${account}:root`;
  const TaskPolicyArn = { arn: 'arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials' };
  await assert.rejects(sts('AssumeRoot', { TargetPrincipal: account, TaskPolicyArn }), { code: 'AccessDenied', message: `User: ${rootArn} is not authorized to perform: sts:AssumeRoot on resource: ${rootArn}` });
  await assert.rejects(sts('GetDelegatedAccessToken', { TradeInToken: 'token' }), { code: 'ExpiredTradeInTokenException' });
  const token = { Audience: ['api'], SigningAlgorithm: 'RS256' };
  await assert.rejects(sts('GetWebIdentityToken', token), { code: 'OutboundWebIdentityFederationDisabledException' });
  await assert.rejects(sts('GetWebIdentityToken', token, alice), { code: 'AccessDenied' });
  await assert.rejects(sts('AssumeRoot', { TargetPrincipal: account, TaskPolicyArn }, { kind: 'anonymous', account }), { code: 'MissingAuthenticationToken' });
});
