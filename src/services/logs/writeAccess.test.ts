import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../../base/log.ts';
import { createTestLogs } from './testLogs.ts';
import { createLogWriteAccess } from './writeAccess.ts';

test('createLogWriteAccess lets a service in when a resource policy does and none denies it', async () => {
  const { store, clock, run } = createTestLogs();
  const mayWrite = createLogWriteAccess({ store, clock, log: silentLogger });
  const account = '000000000000';
  const ask = (logGroupName: string, sourceArn = 'arn:aws:events:us-east-1:000000000000:rule/r') =>
    mayWrite({ scope: { account, region: 'us-east-1' }, logGroupName, logStreamName: 's', services: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'], sourceArn, sourceAccount: account });
  const put = (policyName: string, statement: object) => run('PutResourcePolicy', { policyName, policyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) });
  assert.equal(await ask('/aws/events/a'), false);
  const Resource = `arn:aws:logs:us-east-1:${account}:log-group:/aws/events/*:*`;
  await put('allow', { Effect: 'Allow', Principal: { Service: 'delivery.logs.amazonaws.com' }, Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource, Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:*:rule/*' } } });
  assert.equal(await ask('/aws/events/a'), true);
  assert.equal(await ask('/other'), false);
  assert.equal(await ask('/aws/events/a', 'arn:aws:other:us-east-1:000000000000:x'), false);
  await put('deny', { Effect: 'Deny', Principal: '*', Action: 'logs:PutLogEvents', Resource: Resource.replace('/*:', '/secret:') });
  assert.equal(await ask('/aws/events/secret'), false);
  assert.equal(await ask('/aws/events/a'), true);
});
