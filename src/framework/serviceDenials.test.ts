import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LogRecord } from '../base/log.ts';
import type { CallerPolicies, RoleDescription } from '../ports/identity.ts';
import { createDenialLog } from './denialLog.ts';
import { createRoleAccess } from './roleAccess.ts';
import { createServiceAccess } from './serviceAccess.ts';
import { createServiceDenials } from './serviceDenials.ts';

const account = '111111111111';
const roleArn = `arn:aws:iam::${account}:role/worker`;
const resource = `arn:aws:sqs:us-east-1:${account}:work`;
const document = (...statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });

function createScene() {
  const logged: LogRecord[] = [];
  const denials = createDenialLog();
  let made = 0;
  const noted = createServiceDenials({ denials, newRequestId: () => `id-${(made += 1)}`, log: createLogger((record) => void logged.push(record), 'info') });
  return { logged, denials, noted };
}

test('createServiceDenials remembers what is refused to a role that a service acts in, once a minute', async () => {
  const { denials, noted, logged } = createScene();
  const role: RoleDescription = { arn: roleArn, roleName: 'worker', roleId: 'AROAWORKER', account, trustPolicy: document(), maxSessionSeconds: 3_600 };
  const own: CallerPolicies = { identity: [{ source: 'inline:own', document: document({ Effect: 'Allow', Action: 'sqs:ReceiveMessage', Resource: `${resource}2` }) }] };
  const mayReceive = createRoleAccess({ roles: { findRole: async () => role, policiesOf: async () => own }, toleratesMissingRoles: false, denials: noted });
  const ask = (nowMs: number, to = resource) => mayReceive({ roleArn, action: 'sqs:ReceiveMessage', resource: to, nowMs, region: 'us-east-1' });
  assert.equal(await ask(0, `${resource}2`), true);
  for (const nowMs of [0, 1_000, 59_999]) assert.equal(await ask(nowMs), false);
  assert.equal(denials.latest(10).length, 1);
  await ask(60_000);
  assert.deepEqual(denials.latest(10).map(({ requestId }) => requestId), ['id-2', 'id-1']);
  const [denial] = denials.ofRequest('id-1');
  assert.deepEqual([denial?.account, denial?.action, denial?.resource, denial?.searched], [account, 'sqs:ReceiveMessage', resource, ['inline:own']]);
  assert.match(denial?.sentence ?? '', /assumed-role\/worker\/haneul is not authorized to perform: sqs:receivemessage on resource: .*:work because no identity-based policy allows/);
  assert.deepEqual(logged.map(({ fields }) => fields?.['command']), ['npx haneul why id-1', 'npx haneul why id-2']);
});

test('createServiceDenials remembers what a resource refuses to a service, with the statement that denied', () => {
  const { denials, noted } = createScene();
  const allows = createServiceAccess(noted);
  const about = { service: 's3.amazonaws.com', action: 'sqs:SendMessage', resource, nowMs: 0, region: 'us-east-1', conditions: { 'aws:SourceAccount': account, 'aws:SourceArn': 'arn:aws:s3:::photos' } };
  const principal = { Principal: { Service: 's3.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: resource };
  assert.equal(allows({ ...about, document: document({ Effect: 'Allow', ...principal }) }), true);
  assert.equal(allows({ ...about, document: undefined }), false);
  assert.equal(allows({ ...about, document: document({ Sid: 'Never', Effect: 'Deny', ...principal }) }), false);
  const [explicit, implicit] = denials.latest(10);
  assert.deepEqual([implicit?.decision, implicit?.principal.arn, implicit?.account], ['implicit-deny', 's3.amazonaws.com', account]);
  assert.deepEqual([explicit?.decision, explicit?.deciding?.sid, explicit?.context['aws:sourcearn']], ['explicit-deny', 'Never', ['arn:aws:s3:::photos']]);
  assert.equal(createServiceAccess()({ ...about, document: undefined }), false);
});
