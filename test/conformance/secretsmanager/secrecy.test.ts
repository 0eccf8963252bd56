// What was given to keep to Secrets Manager, Parameter Store, functions, topics and connections is in no log and, as it is, in no file: not of a server that logs all
// that it can, not after refusals, not after a kill.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateConnectionCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateLoginProfileCommand, CreateRoleCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateSecretCommand, GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { lambdaTrustPolicy } from '../../support/executionRole.ts';
import { sdkClients, sdkConfig } from '../../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../../support/serverProcess.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const text = 'c0rrect-horse-battery-staple';
const secretText = `secret ${text}`;
const binary = Buffer.from(`binary ${text}`);
const parameterText = `parameter ${text}`;

test('values of secrets and SecureStrings survive a kill, and they, variables of functions, credentials of connections and passwords are found in no log and no file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-secrecy-'));
  const start = () => startServerProcess({ dataFolder: folder, args: ['--log-level', 'debug'] });
  let server = await start();
  let printed = '';
  try {
    await writeAll(server);
    await server.kill();
    printed += server.output();
    server = await start();
    await readAll(server);
    await useOthers(server);
    printed += server.output();
  } finally {
    await server.stop();
  }
  printed += server.output();
  try {
    assert.match(printed, /CreateSecret/, 'the log tells of requests, or this test proves nothing');
    assert.equal(findText(Buffer.from(printed)), undefined);
    for (const name of readdirSync(folder, { recursive: true }) as string[]) {
      const path = join(folder, name);
      if (statSync(path).isFile()) assert.equal(findText(readFileSync(path)), undefined, name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function findText(bytes: Buffer): string | undefined {
  return [text, Buffer.from(text).toString('base64').slice(0, 36)].find((wanted) => bytes.includes(wanted));
}

async function withClients(server: ServerProcess, work: (secrets: SecretsManagerClient, ssm: SSMClient) => Promise<void>): Promise<void> {
  const secrets = new SecretsManagerClient(sdkConfig(server.endpoint));
  const ssm = new SSMClient(sdkConfig(server.endpoint));
  await work(secrets, ssm).finally(() => {
    secrets.destroy();
    ssm.destroy();
  });
}

async function writeAll(server: ServerProcess): Promise<void> {
  await withClients(server, async (secrets, ssm) => {
    await secrets.send(new CreateSecretCommand({ Name: 'a', SecretString: secretText }));
    await secrets.send(new CreateSecretCommand({ Name: 'b', SecretBinary: binary }));
    await ssm.send(new PutParameterCommand({ Name: 'p', Value: parameterText, Type: 'SecureString' }));
    await ssm.send(new PutParameterCommand({ Name: 'long', Value: parameterText.padEnd(5_000), Type: 'SecureString', Tier: 'Advanced' }));
    // Refused ones are not to be told either.
    await assert.rejects(secrets.send(new CreateSecretCommand({ Name: 'a', SecretString: `${secretText}, again` })));
    await assert.rejects(secrets.send(new PutSecretValueCommand({ SecretId: 'none', SecretString: secretText })));
    await assert.rejects(ssm.send(new PutParameterCommand({ Name: 'q', Value: parameterText, Type: 'SecureString', AllowedPattern: '[0-9]+' })));
  });
}

/** Those that keep secrets beside other things. */
async function useOthers({ endpoint }: ServerProcess): Promise<void> {
  const aws = sdkClients(endpoint);
  const events = new EventBridgeClient(sdkConfig(endpoint));
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: lambdaTrustPolicy }));
  const settings = { Role: Role?.Arn, Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile: zipFiles({ 'index.mjs': 'export const handler = async () => 1;' }) } } as const;
  const Environment = { Variables: { KEY: text } };
  await aws.lambda.send(new CreateFunctionCommand({ FunctionName: 'f', Environment, ...settings }));
  await assert.rejects(aws.lambda.send(new CreateFunctionCommand({ FunctionName: 'f', Environment, ...settings })));
  await events.send(new CreateConnectionCommand({ Name: 'c', AuthorizationType: 'API_KEY', AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: 'key', ApiKeyValue: text } } }));
  await assert.rejects(events.send(new CreateConnectionCommand({ Name: 'c', AuthorizationType: 'BASIC', AuthParameters: { BasicAuthParameters: { Username: 'me', Password: text } } })));
  const { User } = await aws.iam.send(new CreateUserCommand({ UserName: 'u' }));
  await aws.iam.send(new CreateLoginProfileCommand({ UserName: User?.UserName, Password: `${text}-A1` }));
  aws.destroy();
  events.destroy();
}

async function readAll(server: ServerProcess): Promise<void> {
  await withClients(server, async (secrets, ssm) => {
    assert.equal((await secrets.send(new GetSecretValueCommand({ SecretId: 'a' }))).SecretString, secretText);
    assert.deepEqual(Buffer.from((await secrets.send(new GetSecretValueCommand({ SecretId: 'b' }))).SecretBinary ?? []), binary);
    assert.equal((await ssm.send(new GetParameterCommand({ Name: 'p', WithDecryption: true }))).Parameter?.Value, parameterText);
    assert.equal((await ssm.send(new GetParameterCommand({ Name: 'long', WithDecryption: true }))).Parameter?.Value, parameterText.padEnd(5_000));
  });
}
