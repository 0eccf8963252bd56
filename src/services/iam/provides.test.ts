import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller, FederatedOwner } from '../../ports/identity.ts';
import { account, createHarness, lambdaTrust, root } from './testing/harness.ts';

const basic = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
const roleArn = `arn:aws:iam::${account}:role/worker`;

test('trustsService reads the trust policy', async () => {
  const { iam, identity } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  const role = await identity.findRole(roleArn);
  assert.ok(role);
  assert.equal(identity.trustsService(role, 'lambda.amazonaws.com'), true);
  assert.equal(identity.trustsService(role, 'states.amazonaws.com'), false);
  assert.equal(await identity.findRole(`arn:aws:iam::${account}:role/other/worker`), undefined);
  assert.equal(await identity.findRole('worker'), undefined);
});

test('issueSession makes credentials that findCredential knows, with the policies of the role', async () => {
  const { iam, identity, clock } = createHarness();
  const { Role: role } = await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn: basic });
  const issued = await identity.issueSession({ roleArn, sessionName: 'hello', durationSeconds: 3_600, account: '000000000000' });
  assert.match(issued.accessKeyId, /^ASIA/);
  assert.equal(issued.expiresAtMs, clock.now() + 3_600_000);
  const found = await identity.findCredential(issued.accessKeyId);
  assert.equal(found?.secretAccessKey, issued.secretAccessKey);
  assert.equal(found?.sessionToken, issued.sessionToken);
  assert.equal(found?.roleMissing, undefined);
  assert.deepEqual(found?.caller, {
    kind: 'role-session',
    account,
    arn: `arn:aws:sts::${account}:assumed-role/worker/hello`,
    userId: `${role?.RoleId}:hello`,
    roleArn,
    roleName: 'worker',
    sessionName: 'hello',
  });
  const policies = await identity.policiesOf(found.caller, found);
  assert.deepEqual(policies.identity.map(({ source }) => source), [basic]);
});

test('policiesOf sees every change at once', async () => {
  const { iam, identity } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  const { accessKeyId } = await identity.issueSession({ roleArn, sessionName: 'hello', durationSeconds: 900, account: '000000000000' });
  const credential = await identity.findCredential(accessKeyId);
  assert.ok(credential);
  const sources = async (): Promise<string[]> => (await identity.policiesOf(credential.caller, credential)).identity.map(({ source }) => source);
  assert.deepEqual(await sources(), []);
  await iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn: basic });
  assert.deepEqual(await sources(), [basic]);
  await iam('DetachRolePolicy', { RoleName: 'worker', PolicyArn: basic });
  assert.deepEqual(await sources(), []);
});

test('policiesOf gives nothing to a session whose role was made again under its name', async () => {
  const { iam, identity } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  const { accessKeyId } = await identity.issueSession({ roleArn, sessionName: 'hello', durationSeconds: 900, account: '000000000000' });
  await iam('DeleteRole', { RoleName: 'worker' });
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn: basic });
  const credential = await identity.findCredential(accessKeyId);
  assert.ok(credential);
  assert.deepEqual((await identity.policiesOf(credential.caller, credential)).identity, []);
});

test('issueSession for a role that does not exist is marked, and nothing is enforced on it', async () => {
  const { identity } = createHarness();
  const { accessKeyId } = await identity.issueSession({ roleArn: 'arn:aws:iam::123456789012:role/tutorial', sessionName: 'hello', durationSeconds: 900, account: '000000000000' });
  const credential = await identity.findCredential(accessKeyId);
  assert.equal(credential?.roleMissing, true);
  assert.equal(credential.caller.account, '123456789012');
  assert.match((await identity.policiesOf(credential.caller, credential)).identity[0]?.document ?? '', /"Action":"\*"/);
});

test('reportMissing and issueSession warn of a missing role once, with what makes it exist', async () => {
  const { iam, identity, logged } = createHarness();
  const own = `arn:aws:iam::${account}:role/worker`;
  identity.reportMissing({ roleArn: own, account });
  const session = { roleArn: own, sessionName: 'hello', durationSeconds: 900, account };
  await identity.issueSession(session);
  assert.deepEqual(logged.map(({ level, text }) => `${level} ${text}`), ['warn the role of a function does not exist: no policies are enforced on it']);
  assert.match(String(logged[0]?.fields['remedy']), /^aws iam create-role --role-name worker --assume-role-policy-document '\{.*lambda\.amazonaws\.com/);
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await identity.issueSession(session);
  await iam('DeleteRole', { RoleName: 'worker' });
  await identity.issueSession(session);
  assert.equal(logged.length, 2, 'it is missing anew');
});

test('reportMissing does not advise to create a role where it would land in another account', () => {
  const { identity, logged } = createHarness();
  identity.reportMissing({ roleArn: 'arn:aws:iam::123456789012:role/tutorial', account });
  const remedy = String(logged[0]?.fields['remedy']);
  assert.ok(remedy.startsWith(`name a role of account ${account}, arn:aws:iam::${account}:role/tutorial`) && remedy.endsWith('eval "$(npx haneul env --account 123456789012)"'), remedy);
});

test('policiesOf gives nothing to a session for a role that does not exist where that is not tolerated', async () => {
  const { iam, identity } = createHarness({ toleratesMissingRoles: false });
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await iam('DeleteRole', { RoleName: 'worker' });
  const { accessKeyId } = await identity.issueSession({ roleArn, sessionName: 'hello', durationSeconds: 900, account: '000000000000' });
  const credential = await identity.findCredential(accessKeyId);
  assert.ok(credential);
  assert.deepEqual((await identity.policiesOf(credential.caller, credential)).identity, []);
});

test('findCredential keeps an expired session for a day and then forgets it', async () => {
  const { identity, clock } = createHarness();
  const session = { caller: root, durationSeconds: 900 };
  const { accessKeyId } = await identity.issue(session);
  clock.advance(24 * 3_600_000);
  await identity.issue(session);
  assert.ok(await identity.findCredential(accessKeyId));
  clock.advance(2 * 900_000);
  await identity.issue(session);
  assert.equal(await identity.findCredential(accessKeyId), undefined);
});

test('issueSession gives a process keys that expire by wall time, however product time is moved', async () => {
  const { identity, clock, wall } = createHarness();
  const session = { roleArn, sessionName: 'hello', durationSeconds: 900 };
  const { accessKeyId, expiresAtMs } = await identity.issueSession(session);
  assert.equal(expiresAtMs, wall.now() + 900_000);
  clock.advance(400 * 24 * 3_600_000);
  await identity.issueSession(session);
  await identity.issue({ caller: root, durationSeconds: 900 });
  assert.equal((await identity.findCredential(accessKeyId))?.expiresBy, 'wall');
  wall.advance(25 * 3_600_000);
  await identity.issueSession(session);
  assert.equal(await identity.findCredential(accessKeyId), undefined);
});

test('findCredential does not know a key that nobody issued', async () => {
  const { identity } = createHarness();
  assert.equal(await identity.findCredential('test'), undefined);
});

test('policiesOf gives tags, groups and the boundary along', async () => {
  const { iam, identity, createUser } = createHarness();
  const alice = await createUser('alice', []);
  await iam('TagUser', { UserName: 'alice', Tags: [{ Key: 'team', Value: 'blue' }] });
  await iam('CreateGroup', { GroupName: 'staff' });
  await iam('AddUserToGroup', { GroupName: 'staff', UserName: 'alice' });
  await iam('AttachGroupPolicy', { GroupName: 'staff', PolicyArn: basic });
  await iam('PutUserPermissionsBoundary', { UserName: 'alice', PermissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess' });
  const policies = await identity.policiesOf(alice, undefined);
  assert.deepEqual(policies.identity.map(({ source }) => source), [basic]);
  assert.deepEqual(policies.conditions, { 'aws:PrincipalTag/team': 'blue' });
  assert.equal(policies.boundary?.source, 'arn:aws:iam::aws:policy/PowerUserAccess');
  await iam('RemoveUserFromGroup', { GroupName: 'staff', UserName: 'alice' });
  assert.deepEqual((await identity.policiesOf(alice, undefined)).identity, []);
});

test('policiesOf gives a federated user what its user has, within the policies of its session', async () => {
  const { identity, createUser } = createHarness();
  const user = await createUser('ann', [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }]);
  assert.ok(user.kind === 'user');
  const federated = (owner: FederatedOwner): Caller => ({ kind: 'federated-user', account, arn: `arn:aws:sts::${account}:federated-user/fred`, userId: `${account}:fred`, userArn: user.arn, owner });
  const ofUser = federated({ kind: 'user', userName: 'ann', userId: user.userId });
  const policies = await identity.policiesOf(ofUser, undefined);
  assert.deepEqual([policies.identity.map(({ source }) => source), policies.session], [['inline:own'], []]);
  const credential = { accessKeyId: 'ASIA', secretAccessKey: 's', active: true, caller: ofUser, sessionPolicies: [{ source: 'session', document: '{}' }] };
  assert.deepEqual((await identity.policiesOf(ofUser, credential)).session, credential.sessionPolicies);
  assert.equal((await identity.policiesOf(federated({ kind: 'root' }), undefined)).identity.length, 1);
  assert.deepEqual((await identity.policiesOf(federated({ kind: 'user', userName: 'ann', userId: 'AIDAFORMER' }), undefined)).identity, []);
});
