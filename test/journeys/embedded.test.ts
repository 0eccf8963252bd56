// A developer's test suite starts Haneul inside its own process: `import { startHaneul } from 'haneul'`.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CreateRoleCommand, GetRoleCommand } from '@aws-sdk/client-iam';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Haneul, HaneulOptions } from '../../src/server/startHaneul.ts';
import { createExecutionRole, createFunction, invoke, lambdaTrustPolicy } from '../support/functions.ts';
import { sdkClients, type SdkClients } from '../support/sdkClients.ts';

// The package by its own name, as it will be found where it is installed; not known to the compiler before it is built.
const packageName: string = 'haneul';
const { startHaneul } = (await import(packageName)) as { startHaneul(options?: HaneulOptions): Promise<Haneul> };

const files = { 'index.js': 'let calls = 0; exports.handler = async () => (calls += 1);' };

async function start(t: TestContext, options?: HaneulOptions): Promise<{ server: Haneul; aws: SdkClients }> {
  const server = await startHaneul(options);
  t.after(() => server.stop());
  const aws = sdkClients(server.endpoint);
  t.after(() => aws.destroy());
  return { server, aws };
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-embedded-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('startHaneul runs functions without any option', async (t) => {
  const { server, aws } = await start(t);
  assert.match(server.endpoint, /^http:\/\/127\.0\.0\.1:\d+$/);
  const name = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files });
  assert.equal((await invoke(aws.lambda, name)).payload, 1);
});

test('startHaneul twice gives two worlds', async (t) => {
  const [one, two] = [await start(t), await start(t)];
  await one.aws.iam.send(new CreateRoleCommand({ RoleName: 'only-here', AssumeRolePolicyDocument: lambdaTrustPolicy }));
  await assert.rejects(two.aws.iam.send(new GetRoleCommand({ RoleName: 'only-here' })), { name: 'NoSuchEntityException' });
});

test('startHaneul with a data folder finds everything again', async (t) => {
  const dataFolder = temporaryFolder(t);
  const first = await start(t, { dataFolder });
  const name = await createFunction(first.aws.lambda, { Role: await createExecutionRole(first.aws), files });
  assert.equal((await invoke(first.aws.lambda, name)).payload, 1);
  await first.server.clock.advance(86_400_000);
  await first.server.stop();
  const second = await start(t, { dataFolder });
  assert.equal((await invoke(second.aws.lambda, name)).payload, 1, 'in a new environment');
  assert.ok(second.server.clock.now() > Date.now() + 86_000_000, 'product time goes on from where it was');
});

test('startHaneul hands out the one key of a strict server, which acts as the administrator', async (t) => {
  const { server } = await start(t, { auth: 'strict' });
  const aws = sdkClients(server.endpoint, server.credentials);
  t.after(() => aws.destroy());
  const { Arn } = await aws.sts.send(new GetCallerIdentityCommand({}));
  assert.equal(Arn, 'arn:aws:iam::000000000000:root');
  const guess = sdkClients(server.endpoint, { accessKeyId: 'test', secretAccessKey: 'test' });
  t.after(() => guess.destroy());
  await assert.rejects(guess.sts.send(new GetCallerIdentityCommand({})), { name: 'InvalidClientTokenId' });
  const local = await start(t);
  const trusted = sdkClients(local.server.endpoint, local.server.credentials);
  t.after(() => trusted.destroy());
  assert.ok(await trusted.sts.send(new GetCallerIdentityCommand({})));
});

test('startHaneul keeps what is its own in a folder that others may read from them', async (t) => {
  const dataFolder = temporaryFolder(t);
  chmodSync(dataFolder, 0o755);
  mkdirSync(join(dataFolder, 'code'), { mode: 0o755 });
  const { aws } = await start(t, { dataFolder });
  const name = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files });
  assert.equal((await invoke(aws.lambda, name)).payload, 1);
  const open = readdirSync(dataFolder).filter((entry) => {
    const status = statSync(join(dataFolder, entry));
    return status.isDirectory() && (status.mode & 0o077) !== 0;
  });
  assert.deepEqual(open, []);
});

test('startHaneul refuses a folder that another server uses, in one clear line', async (t) => {
  const dataFolder = temporaryFolder(t);
  const { aws } = await start(t, { dataFolder });
  await assert.rejects(startHaneul({ dataFolder }), (error: Error) => {
    assert.equal(error.name, 'UserFacingError');
    assert.ok(error.message.includes(dataFolder) && !error.message.includes('\n'), error.message);
    return true;
  });
  assert.ok(await aws.sts.send(new GetCallerIdentityCommand({})), 'the first one is unharmed');
});

test('reset forgets functions, roles and logs, and the server goes on', async (t) => {
  const { server, aws } = await start(t);
  const FunctionName = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files });
  await invoke(aws.lambda, FunctionName);
  await server.reset();
  assert.deepEqual((await aws.lambda.send(new ListFunctionsCommand({}))).Functions, []);
  const again = await createFunction(aws.lambda, { FunctionName, Role: await createExecutionRole(aws), files });
  assert.equal((await invoke(aws.lambda, again)).payload, 1);
});

test('stop may be called twice, and frees the port', async (t) => {
  const { server } = await start(t);
  const port = Number(new URL(server.endpoint).port);
  await Promise.all([server.stop(), server.stop()]);
  const { server: next } = await start(t, { port });
  assert.equal(next.endpoint, server.endpoint);
});
