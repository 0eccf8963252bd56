// Secrets and parameters as a person keeps them at the command line.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findAwsCli, pointAt, type AwsCli } from '../support/awsCli.ts';
import { startTestServer, type TestServer } from '../support/testServer.ts';

type Json = Record<string, unknown>;

const program = await findAwsCli('v2');
const missing = 'missing' in program ? program.missing : undefined;
const options = { skip: missing ?? false, timeout: 180_000 };

let server: TestServer | undefined;
let aws: AwsCli | undefined;
before(async () => {
  if ('missing' in program) return;
  server = await startTestServer();
  aws = pointAt(program, { endpoint: server.endpoint });
});
after(() => server?.stop());

const cli = (): AwsCli => aws ?? assert.fail('the server did not start');
const json = async (...args: string[]): Promise<Json> => (await cli().json(args)) as Json;
const text = async (...args: string[]): Promise<string> => {
  const { stdout, stderr, exitCode } = await cli().run([...args, '--output', 'text']);
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
};

test('aws secretsmanager: create, put, get, list, delete and restore', options, async () => {
  const created = await json('secretsmanager', 'create-secret', '--name', 'walk/db', '--secret-string', '{"user":"walker"}', '--tags', 'Key=team,Value=red');
  assert.match(String(created['ARN']), /:secret:walk\/db-[A-Za-z0-9]{6}$/);
  await json('secretsmanager', 'put-secret-value', '--secret-id', 'walk/db', '--secret-string', 'two');
  assert.equal(await text('secretsmanager', 'get-secret-value', '--secret-id', 'walk/db', '--query', 'SecretString'), 'two');
  assert.equal(await text('secretsmanager', 'list-secrets', '--filters', 'Key=tag-value,Values=red', '--query', 'SecretList[].Name'), 'walk/db');
  await json('secretsmanager', 'delete-secret', '--secret-id', 'walk/db', '--recovery-window-in-days', '7');
  const refused = await cli().run(['secretsmanager', 'get-secret-value', '--secret-id', 'walk/db']);
  assert.match(refused.stderr, /\(InvalidRequestException\) when calling the GetSecretValue operation: You can't perform this operation on the secret because it was marked for deletion\./);
  await json('secretsmanager', 'restore-secret', '--secret-id', 'walk/db');
  await json('secretsmanager', 'delete-secret', '--secret-id', 'walk/db', '--force-delete-without-recovery');
});

test('aws ssm: put, get, get by path and delete', options, async () => {
  const put = await json('ssm', 'put-parameter', '--name', '/walk/password', '--type', 'SecureString', '--value', 'hunter2');
  assert.deepEqual([put['Version'], put['Tier']], [1, 'Standard']);
  await json('ssm', 'put-parameter', '--name', '/walk/deep/url', '--type', 'String', '--value', 'walk.example');
  assert.equal(await text('ssm', 'get-parameter', '--name', '/walk/password', '--with-decryption', '--query', 'Parameter.Value'), 'hunter2');
  assert.equal(await text('ssm', 'get-parameters-by-path', '--path', '/walk', '--recursive', '--query', 'Parameters[].Value | [0]'), 'walk.example');
  const absent = await cli().run(['ssm', 'get-parameter', '--name', '/walk/none']);
  assert.match(absent.stderr, /\(ParameterNotFound\) when calling the GetParameter operation/);
  const deleted = await json('ssm', 'delete-parameters', '--names', '/walk/password', '/walk/deep/url');
  assert.deepEqual(deleted['InvalidParameters'], []);
});
