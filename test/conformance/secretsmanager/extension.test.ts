// The AWS Parameters and Secrets Lambda Extension, from inside a function.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Guarantee } from '../../../src/sandbox/types.ts';
import { createFunction, invoke, lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { useServer } from '../../support/useServer.ts';

// As the documentation has it, in JavaScript.
const index = `exports.handler = async ({ path, token }) => {
  const headers = { 'X-Aws-Parameters-Secrets-Token': token ?? process.env.AWS_SESSION_TOKEN };
  const response = await fetch('http://localhost:2773' + path, { headers });
  return { status: response.status, text: await response.text() };
};`;

let functionName = '';
let isConfined = false;
const scene = useServer({}, async ({ aws, server }) => {
  const { guarantees } = (await (await fetch(`${server.endpoint}/_haneul/health`)).json()) as { guarantees: readonly Guarantee[] };
  isConfined = guarantees.some(({ name, on }) => on && name === 'functions cannot reach the network of the host');
  const config = sdkConfig(server.endpoint);
  const [secrets, ssm] = [new SecretsManagerClient(config), new SSMClient(config)];
  for (const Name of ['open/db', 'closed/db']) await secrets.send(new CreateSecretCommand({ Name, SecretString: `value of ${Name}` }));
  await ssm.send(new PutParameterCommand({ Name: '/open/p', Value: 'first', Type: 'SecureString' }));
  await ssm.send(new PutParameterCommand({ Name: '/open/p', Value: 'second', Overwrite: true }));
  secrets.destroy();
  ssm.destroy();
  const RoleName = uniqueName('reader');
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy }));
  const Statement = [
    { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: 'arn:aws:secretsmanager:*:*:secret:open/*' },
    { Effect: 'Allow', Action: 'ssm:GetParameter', Resource: 'arn:aws:ssm:*:*:parameter/open/*' },
  ];
  await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'read', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) }));
  functionName = await createFunction(aws.lambda, { Role: Role?.Arn ?? '', Runtime: 'nodejs20.x', Timeout: 20, files: { 'index.js': index } });
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(path: string, token?: string): Promise<Answer> {
  const { functionError, text, payload } = await invoke(scene().aws.lambda, functionName, { path, ...(token === undefined ? {} : { token }) });
  assert.equal(functionError, undefined, text);
  return payload as Answer;
}

test('the extension reads secrets and parameters with the role of the function', async (context) => {
  if (!isConfined) return context.skip('without a network of their own functions have no port of their own');
  const secret = await ask('/secretsmanager/get?secretId=open%2Fdb');
  assert.equal(secret.status, 200, secret.text);
  const { SecretString, VersionStages, CreatedDate } = JSON.parse(secret.text) as Record<string, unknown>;
  assert.deepEqual([SecretString, VersionStages], ['value of open/db', ['AWSCURRENT']]);
  assert.match(String(CreatedDate), /^\d{4}-\d\d-\d\dT/);
  const value = async (path: string) => (JSON.parse((await ask(`/systemsmanager/parameters/get${path}`)).text) as { Parameter: { Value: string } }).Parameter.Value;
  assert.equal(await value('?name=%2Fopen%2Fp&withDecryption=true'), 'second');
  assert.equal(await value('/?name=%2Fopen%2Fp&withDecryption=true&version=1'), 'first');
});

test('the extension refuses what the role may not read, what is not there, and whoever lacks the token', async (context) => {
  if (!isConfined) return context.skip('without a network of their own functions have no port of their own');
  const denied = await ask('/secretsmanager/get?secretId=closed/db');
  assert.equal(denied.status, 400);
  assert.match(denied.text, /is not authorized to perform: secretsmanager:GetSecretValue/);
  assert.match((await ask('/systemsmanager/parameters/get?name=/open/none')).text, /ParameterNotFound/);
  assert.equal((await ask('/secretsmanager/get?secretId=open/db', 'made-up')).status, 401);
  assert.equal((await ask('/somewhere/else')).status, 404);
});
