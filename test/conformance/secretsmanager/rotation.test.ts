// Rotation by a function that runs in its sandbox and calls the server with its role.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { createFunction, lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const dayMs = 86_400_000;
const fixture = (path: string): string => readFileSync(join(packageRoot, 'test/fixtures/functions/node', path), 'utf8');

let client: SecretsManagerClient;
let functionArn = '';
const scene = useServer({}, async ({ aws, server }) => {
  client = new SecretsManagerClient(sdkConfig(server.endpoint));
  const RoleName = uniqueName('rotator');
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy }));
  const actions = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage', 'GetRandomPassword'].map((name) => `secretsmanager:${name}`);
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] });
  await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'rotate', PolicyDocument }));
  const files = { 'index.js': fixture('rotates-secret/index.js'), 'call.js': fixture('calls-server/index.js') };
  const FunctionName = await createFunction(aws.lambda, { Role: Role?.Arn ?? '', Runtime: 'nodejs20.x', Timeout: 20, files });
  functionArn = (await aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).FunctionArn ?? '';
});
after(() => client.destroy());

/** Asks until the answer is the wanted one: rotation goes on behind the answer of RotateSecret. */
async function waitFor<Answer>(ask: () => Promise<Answer>, isWanted: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('RotateSecret is refused until the function lets Secrets Manager in, then rotates now and on its schedule; CancelRotateSecret ends it', async () => {
  const { aws, server } = scene();
  await client.send(new CreateSecretCommand({ Name: 'rotated', SecretString: 'first' }));
  const rotate = new RotateSecretCommand({ SecretId: 'rotated', RotationLambdaARN: functionArn, RotationRules: { AutomaticallyAfterDays: 30 } });
  await expectRefusal(client.send(rotate), {
    name: 'AccessDeniedException',
    status: 400,
    message: 'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
  });
  await aws.lambda.send(
    new AddPermissionCommand({ FunctionName: functionArn, StatementId: 'rotation', Action: 'lambda:InvokeFunction', Principal: 'secretsmanager.amazonaws.com' }),
  );
  const { VersionId } = await client.send(rotate);
  const describe = () => client.send(new DescribeSecretCommand({ SecretId: 'rotated' }));
  const first = await waitFor(describe, ({ LastRotatedDate }) => LastRotatedDate !== undefined);
  assert.deepEqual(first.VersionIdsToStages?.[VersionId ?? ''], ['AWSCURRENT', 'AWSPENDING']);
  const value = (await client.send(new GetSecretValueCommand({ SecretId: 'rotated' }))).SecretString ?? '';
  assert.match(value, /^rotated-[A-Za-z0-9]{32}$/);
  assert.equal((await client.send(new GetSecretValueCommand({ SecretId: 'rotated', VersionStage: 'AWSPREVIOUS' }))).SecretString, 'first');

  await server.clock.advance(30 * dayMs);
  const second = await waitFor(describe, ({ LastRotatedDate }) => (LastRotatedDate?.getTime() ?? 0) > (first.LastRotatedDate?.getTime() ?? 0));
  assert.notEqual((await client.send(new GetSecretValueCommand({ SecretId: 'rotated' }))).SecretString, value);
  assert.ok((second.NextRotationDate?.getTime() ?? 0) > (first.NextRotationDate?.getTime() ?? 0));

  await client.send(new CancelRotateSecretCommand({ SecretId: 'rotated' }));
  const cancelled = await describe();
  assert.deepEqual([cancelled.RotationEnabled, cancelled.NextRotationDate], [false, undefined]);
});
