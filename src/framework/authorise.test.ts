import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LogRecord } from '../base/log.ts';
import { createPolicyCache } from '../policy/policyCache.ts';
import type { Caller, CallerPolicies, IssuedCredential } from '../ports/identity.ts';
import { AccessDeniedError } from './accessDenied.ts';
import { authorise, authoriseAccess, permitsAccess, type Authoriser } from './authorise.ts';
import type { AccessRequest } from './context.ts';
import type { Denial } from './denial.ts';
import { createDenialLog } from './denialLog.ts';
import { testCall } from './testing/testCall.ts';

const account = '111111111111';
const ann: Caller = { kind: 'user', account, arn: `arn:aws:iam::${account}:user/ann`, userId: 'AIDAANN', userName: 'ann' };
const root: Caller = { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account };
const session: Caller = { kind: 'role-session', account, arn: `arn:aws:sts::${account}:assumed-role/r/s`, userId: 'AROAR:s', roleArn: `arn:aws:iam::${account}:role/r`, roleName: 'r', sessionName: 's' };
const queue: AccessRequest = { action: 'sqs:SendMessage', resource: `arn:aws:sqs:us-east-1:${account}:jobs` };
const text = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' };

interface Scene {
  readonly deps: Authoriser;
  readonly denials: () => readonly Denial[];
  readonly records: LogRecord[];
  readonly used: string[];
}

function createScene(own: CallerPolicies = { identity: [] }, overrides: Partial<Authoriser> = {}): Scene {
  const denials = createDenialLog();
  const records: LogRecord[] = [];
  const used: string[] = [];
  const log = createLogger((record) => records.push(record), 'debug');
  const deps: Authoriser = {
    credentials: { findCredential: async () => undefined, policiesOf: async () => own },
    iam: 'enforce',
    policies: createPolicyCache(),
    log,
    denials,
    use: { actionUsed: ({ action }) => used.push(action), keyUsed: () => undefined },
    ...overrides,
  };
  return { deps, denials: () => denials.latest(100), records, used };
}

async function ask(scene: Scene, access: AccessRequest | readonly AccessRequest[], caller: Caller = ann, credential?: IssuedCredential): Promise<void> {
  const log = createLogger((record) => scene.records.push(record), 'debug');
  const headers = { 'user-agent': 'agent/1', referer: 'https://example.com/' };
  const call = testCall({ caller, account, log, nowMs: Date.UTC(2026, 0, 1), region: 'eu-west-1', sourceIp: '::ffff:192.0.2.7', endpoint: 'https://127.0.0.1:4566', head: { method: 'POST', path: '/', query: '', headers } });
  await authoriseAccess(access, call, { protocol: 'awsJson1_0', credential, service: 'sqs' }, scene.deps);
}

test('authoriseAccess fills in the global condition keys', async () => {
  const scene = createScene({ identity: [], conditions: { 'aws:PrincipalTag/team': 'blue' } });
  await assert.rejects(ask(scene, queue), AccessDeniedError);
  assert.deepEqual(scene.denials()[0]?.context, {
    'aws:currenttime': ['2026-01-01T00:00:00Z'],
    'aws:epochtime': ['1767225600'],
    'aws:requestedregion': ['eu-west-1'],
    'aws:sourceip': ['192.0.2.7'],
    'aws:useragent': ['agent/1'],
    'aws:referer': ['https://example.com/'],
    'aws:securetransport': ['true'],
    'aws:resourceaccount': [account],
    'aws:viaawsservice': ['false'],
    'aws:principalisawsservice': ['false'],
    'aws:principaltype': ['User'],
    'aws:username': ['ann'],
    'aws:principalarn': [`arn:aws:iam::${account}:user/ann`],
    'aws:principalaccount': [account],
    'aws:userid': ['AIDAANN'],
    'aws:principaltag/team': ['blue'],
  });
});

test('authoriseAccess answers the question of MFA for temporary credentials, and takes their conditions along', async () => {
  const scene = createScene({ identity: [], conditions: { 'aws:TokenIssueTime': '2026-01-01T00:00:00Z' } });
  const credential = { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't', active: true, caller: session };
  await assert.rejects(ask(scene, queue, session, credential), AccessDeniedError);
  const context = scene.denials()[0]?.context ?? {};
  assert.deepEqual(context['aws:multifactorauthpresent'], ['false']);
  assert.deepEqual(context['aws:tokenissuetime'], ['2026-01-01T00:00:00Z']);
  assert.deepEqual(context['aws:principalarn'], [`arn:aws:iam::${account}:role/r`]);
});

test('authorise makes condition keys of the tags of a request, and leaves those of the service alone', async () => {
  const statement = { ...allowAll, Condition: { StringEquals: { 'aws:RequestTag/team': 'blue', 'sqs:Own': '1' }, 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } } };
  const { deps } = createScene({ identity: [{ source: 'p', document: text(statement) }] });
  const operation = { access: () => ({ ...queue, conditions: { 'sqs:Own': '1' } }), handle: async () => ({}) };
  const run = (input: object): Promise<void> => authorise(operation, input, testCall({ caller: ann }), { protocol: 'awsJson1_0', credential: undefined }, deps);
  await run({ tags: { team: 'blue' } });
  for (const input of [{}, { tags: { team: 'red' } }, { tags: { team: 'blue', other: 'x' } }]) await assert.rejects(run(input), AccessDeniedError);
});

test('authoriseAccess asks the policies of a resource even for root, and of the account that the service names', async () => {
  const scene = createScene();
  await ask(scene, queue, root);
  const deny = { Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: '*' };
  await assert.rejects(ask(scene, { ...queue, resourcePolicy: text(deny) }, root), /with an explicit deny in a resource-based policy/);
  const object = { action: 's3:GetObject', resource: 'arn:aws:s3:::bucket/key' };
  await ask(scene, object, root);
  await assert.rejects(ask(scene, { ...object, resourceAccount: '222222222222' }, root), /because no resource-based policy allows/);
});

test('authoriseAccess asks service control policies even for root', async () => {
  const own = { identity: [], serviceControl: [[{ source: 'scp', document: text({ Effect: 'Allow', Action: 's3:*', Resource: '*' }) }]] };
  const credentials = { findCredential: async () => undefined, policiesOf: async () => own, isControlled: () => true };
  await assert.rejects(ask(createScene(own, { credentials }), queue, root), /because no service control policy allows/);
});

test('authoriseAccess logs a denial with the command that explains it', async () => {
  const scene = createScene();
  await assert.rejects(ask(scene, queue), AccessDeniedError);
  const record = scene.records.find((found) => found.text === 'denied');
  assert.equal(record?.fields['command'], `npx haneul why ${scene.denials()[0]?.requestId}`);
});

test('authoriseAccess remembers all that audit mode lets pass, and only the first of what it refuses', async () => {
  const other = { action: 'sqs:DeleteQueue', resource: queue.resource };
  const audit = createScene({ identity: [] }, { iam: 'audit' });
  await ask(audit, [queue, other]);
  assert.deepEqual(audit.denials().map(({ action, enforced }) => [action, enforced]), [['sqs:DeleteQueue', false], ['sqs:SendMessage', false]]);
  const enforced = createScene();
  await assert.rejects(ask(enforced, [queue, other]), AccessDeniedError);
  assert.deepEqual(enforced.denials().map(({ action }) => action), ['sqs:SendMessage']);
});

test('permitsAccess answers without a trace in the log of denials', async () => {
  const scene = createScene();
  const about = { protocol: 'awsJson1_0', credential: undefined } as const;
  assert.equal(await permitsAccess(queue, testCall({ caller: ann }), about, scene.deps), false);
  assert.equal(await permitsAccess(queue, testCall({ caller: root }), about, scene.deps), true);
  assert.deepEqual(scene.denials(), []);
});

test('authoriseAccess notes what was asked for, allowed or not', async () => {
  const scene = createScene({ identity: [{ source: 'p', document: text({ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }) }] });
  await ask(scene, queue);
  await assert.rejects(ask(scene, { action: 'sqs:DeleteQueue', resource: queue.resource }), AccessDeniedError);
  assert.deepEqual(scene.used, ['sqs:SendMessage', 'sqs:DeleteQueue']);
});

test('authoriseAccess answers each protocol in its own way', async () => {
  const errorFor = async (protocol: 'awsQuery' | 'awsJson1_1' | 'restJson1' | 'restXml' | 'ec2Query', service: string): Promise<AccessDeniedError> => {
    const messages = { seal: () => 'sealed', open: () => undefined };
    const asked = authoriseAccess(queue, testCall({ caller: ann }), { protocol, credential: undefined, service }, createScene({ identity: [] }, { messages }).deps);
    return await asked.then(() => assert.fail('it was allowed'), (error: AccessDeniedError) => error);
  };
  const codes = [['awsQuery', 'iam', 'AccessDenied', 403], ['awsQuery', 'sns', 'AuthorizationError', 403], ['awsJson1_1', 'logs', 'AccessDeniedException', 400], ['awsJson1_1', 'sqs', 'AccessDeniedException', 403], ['restJson1', 'lambda', 'AccessDeniedException', 403], ['restXml', 's3', 'AccessDenied', 403]] as const;
  for (const [protocol, service, code, status] of codes) {
    const error = await errorFor(protocol, service);
    assert.deepEqual([error.code, error.status, error.encodedMessage], [code, status, 'sealed']);
  }
  const ec2 = await errorFor('ec2Query', 'ec2');
  assert.equal(ec2.code, 'UnauthorizedOperation');
  assert.match(ec2.message, /^You are not authorized to perform this operation\. User: .* Encoded authorization failure message: sealed$/);
});

test('authoriseAccess tells the policy of another account to the operator, and not to the caller who decodes the message', async () => {
  const sealed: Denial[] = [];
  const messages = { seal: (denial: Denial) => (sealed.push(denial), 'sealed'), open: () => undefined };
  const deny = { Sid: 'Secret', Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: '*' };
  for (const owner of [account, '222222222222']) {
    const scene = createScene({ identity: [{ source: 'p', document: text(allowAll) }] }, { messages });
    await assert.rejects(ask(scene, { action: 'sqs:SendMessage', resource: `arn:aws:sqs:us-east-1:${owner}:jobs`, resourcePolicy: text(deny) }), AccessDeniedError);
    assert.deepEqual(scene.denials()[0]?.deciding?.statement, deny);
  }
  assert.deepEqual(sealed.map(({ deciding }) => [deciding?.sid, deciding?.statement]), [['Secret', deny], [undefined, undefined]]);
  const unnamed = createScene({ identity: [{ source: 'p', document: text(allowAll) }] }, { messages });
  const other = { ...deny, Effect: 'Allow', Principal: { AWS: '333333333333' } };
  await assert.rejects(ask(unnamed, { action: 'sqs:SendMessage', resource: 'arn:aws:sqs:us-east-1:222222222222:jobs', resourcePolicy: text(other) }), AccessDeniedError);
  assert.deepEqual([unnamed.denials()[0]?.nearMisses?.length, sealed[2]?.nearMisses], [1, undefined]);
});
