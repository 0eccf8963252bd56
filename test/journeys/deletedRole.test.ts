// A function outlives its role. On a server for strangers it must then be able to do nothing, and never everything.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { createFunction, invoke, lambdaTrustPolicy, type Invocation } from '../support/functions.ts';
import { sdkClients } from '../support/sdkClients.ts';
import { startTestServer } from '../support/testServer.ts';
import { zipFixture } from '../support/zipFolder.ts';

test('on a strict server a function whose role was deleted may do nothing', async (t) => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'haneul-deleted-role-'));
  const server = await startTestServer({ auth: 'strict', dataFolder });
  t.after(async () => {
    await server.stop();
    rmSync(dataFolder, { recursive: true });
  });
  const rootKey = JSON.parse(readFileSync(join(dataFolder, 'root-key.json'), 'utf8')) as { accessKeyId: string; secretAccessKey: string };
  const aws = sdkClients(server.endpoint, rootKey);
  t.after(() => aws.destroy());
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName: 'short-lived', AssumeRolePolicyDocument: lambdaTrustPolicy }));
  const settings = { Role: Role?.Arn ?? '', Runtime: 'nodejs20.x', Handler: 'index.handler', Timeout: 20 } as const;
  const zip = zipFixture('node', 'calls-server');
  const [warm, cold] = [await createFunction(aws.lambda, { ...settings, zip }), await createFunction(aws.lambda, { ...settings, zip })];
  const listFunctions = { service: 'lambda', method: 'GET', path: '/2015-03-31/functions' };
  const assertDenied = ({ payload, text }: Invocation): void => {
    const answer = payload as { readonly status?: number; readonly text?: string };
    assert.equal(answer.status, 403, text);
    assert.match(answer.text ?? '', /is not authorized to perform: lambda:ListFunctions/);
  };
  assertDenied(await invoke(aws.lambda, warm, listFunctions));
  await aws.iam.send(new DeleteRoleCommand({ RoleName: 'short-lived' }));
  const refused = { name: 'AccessDeniedException', message: 'The role defined for the function cannot be assumed by Lambda.' };
  await assert.rejects(invoke(aws.lambda, cold, listFunctions), refused);
  // An environment that is there goes on for a short while, as on AWS, with keys that are worth nothing.
  await invoke(aws.lambda, warm, listFunctions).then(assertDenied, (error: Error) => assert.equal(error.message, refused.message));
  await aws.iam.send(new CreateRoleCommand({ RoleName: 'short-lived', AssumeRolePolicyDocument: lambdaTrustPolicy }));
  assertDenied(await invoke(aws.lambda, cold, listFunctions));
});
