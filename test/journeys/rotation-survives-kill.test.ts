// A rotation that was accepted is finished, although the server is killed at once: its steps are rows, not a promise in memory.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand } from '@aws-sdk/client-lambda';
import { CreateSecretCommand, DescribeSecretCommand, GetSecretValueCommand, RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { createFunction, lambdaTrustPolicy } from '../support/functions.ts';
import { sdkClients, sdkConfig } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:rotator';
const fixture = (path: string): string => readFileSync(join(packageRoot, 'test/fixtures/functions/node', path), 'utf8');

async function prepare({ endpoint }: ServerProcess): Promise<void> {
  const aws = sdkClients(endpoint);
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName: 'rotator', AssumeRolePolicyDocument: lambdaTrustPolicy }));
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' }] });
  await aws.iam.send(new PutRolePolicyCommand({ RoleName: 'rotator', PolicyName: 'rotate', PolicyDocument }));
  const files = { 'index.js': fixture('rotates-secret/index.js'), 'call.js': fixture('calls-server/index.js') };
  await createFunction(aws.lambda, { FunctionName: 'rotator', Role: Role?.Arn ?? '', Runtime: 'nodejs20.x', Timeout: 20, files });
  await aws.lambda.send(new AddPermissionCommand({ FunctionName: 'rotator', StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 'secretsmanager.amazonaws.com' }));
  aws.destroy();
}

test('a rotation goes on after a kill -9', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-rotation-'));
  let server = await startServerProcess({ dataFolder: folder });
  try {
    await prepare(server);
    let secrets = new SecretsManagerClient(sdkConfig(server.endpoint));
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'first' }));
    const { VersionId } = await secrets.send(new RotateSecretCommand({ SecretId: 'db', RotationLambdaARN: functionArn, RotationRules: { ScheduleExpression: 'rate(10 days)' } }));
    await server.kill();
    secrets.destroy();

    server = await startServerProcess({ dataFolder: folder });
    secrets = new SecretsManagerClient(sdkConfig(server.endpoint));
    for (;;) {
      const { LastRotatedDate, NextRotationDate } = await secrets.send(new DescribeSecretCommand({ SecretId: 'db' }));
      assert.ok(NextRotationDate);
      if (LastRotatedDate !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const rotated = await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }));
    assert.equal(rotated.VersionId, VersionId);
    assert.match(rotated.SecretString ?? '', /^rotated-/);
    secrets.destroy();
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
