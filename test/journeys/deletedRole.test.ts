// A function outlives its role. On a server for strangers it must then be able to do nothing, and never everything.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { createFunction, invoke, lambdaTrustPolicy } from '../support/functions.ts';
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
  const name = await createFunction(aws.lambda, { ...settings, zip: zipFixture('node', 'calls-server') });
  await aws.iam.send(new DeleteRoleCommand({ RoleName: 'short-lived' }));
  const { payload, text } = await invoke(aws.lambda, name, { service: 'lambda', method: 'GET', path: '/2015-03-31/functions' });
  const answer = payload as { readonly status?: number; readonly text?: string };
  assert.equal(answer.status, 403, text);
  assert.match(answer.text ?? '', /is not authorized to perform: lambda:ListFunctions/);
});
