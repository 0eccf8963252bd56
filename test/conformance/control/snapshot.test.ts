// A snapshot is saved while the server runs and loaded into another one, which is then the same: to clients, to functions, to keys.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { DescribeLogGroupsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateAccessKeyCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { createExecutionRole, createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { baseEnvironment, runCommand, type CommandResult } from '../../support/runCommand.ts';
import { sdkClients, type SdkClients } from '../../support/sdkClients.ts';
import { startServerProcess } from '../../support/serverProcess.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../../support/testServer.ts';

const folder = mkdtempSync(join(tmpdir(), 'haneul-snapshot-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface World {
  readonly server: TestServer;
  readonly aws: SdkClients;
}

async function start(t: TestContext, options: TestServerOptions = {}): Promise<World> {
  const server = await startTestServer(options);
  const aws = sdkClients(server.endpoint);
  t.after(async () => {
    aws.destroy();
    await server.stop();
  });
  return { server, aws };
}

async function save({ server }: World): Promise<Uint8Array> {
  const answer = await fetch(`${server.endpoint}/_haneul/snapshot`, { method: 'POST' });
  assert.equal(answer.status, 200);
  return new Uint8Array(await answer.arrayBuffer());
}

async function load({ server }: World, snapshot: Uint8Array): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${server.endpoint}/_haneul/snapshot`, { method: 'PUT', body: snapshot });
  return { status: answer.status, text: await answer.text() };
}

const files = { 'index.js': 'exports.handler = async () => { console.log("seen before"); return process.env.COLOUR; };' };

/** A function that has run and logged, and a user with a key. */
async function fill({ server, aws }: World): Promise<{ name: string; key: { accessKeyId: string; secretAccessKey: string } }> {
  const Environment = { Variables: { COLOUR: 'blue' } };
  const name = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files, Environment });
  await invoke(aws.lambda, name);
  const UserName = uniqueName('user');
  await aws.iam.send(new CreateUserCommand({ UserName }));
  const { AccessKey } = await aws.iam.send(new CreateAccessKeyCommand({ UserName }));
  await server.clock.advance(3_600_000);
  return { name, key: { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' } };
}

async function assertFilled({ server, aws }: World, { name, key }: Awaited<ReturnType<typeof fill>>): Promise<void> {
  assert.equal((await invoke(aws.lambda, name)).payload, 'blue');
  const { events } = await aws.logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern: '"seen before"' }));
  assert.ok((events?.length ?? 0) > 0, 'the log is gone');
  const user = sdkClients(server.endpoint, key);
  assert.match((await user.sts.send(new GetCallerIdentityCommand({}))).Arn ?? '', /user\/user-/);
  user.destroy();
  assert.ok(server.clock.now() - Date.now() > 3_500_000, 'the clock is not where it was');
}

test('a snapshot carries functions with their settings, logs, keys and the clock into another server', async (t) => {
  const first = await start(t);
  const made = await fill(first);
  const snapshot = await save(first);
  const second = await start(t, { dataFolder: join(folder, 'second') });
  await createFunction(second.aws.lambda, { Role: await createExecutionRole(second.aws), files, FunctionName: 'to-be-replaced' });
  const { status, text } = await load(second, snapshot);
  assert.equal(status, 200, text);
  assert.equal((JSON.parse(text) as { status: string }).status, 'loaded');
  const { Functions } = await second.aws.lambda.send(new ListFunctionsCommand({}));
  assert.deepEqual(Functions?.map(({ FunctionName }) => FunctionName), [made.name]);
  await assertFilled(second, made);
  assert.deepEqual(readdirSync(join(folder, 'second', 'snapshots')), []);
});

test('what was loaded is there after a restart, sealed settings included', async (t) => {
  const first = await start(t);
  const made = await fill(first);
  const snapshot = await save(first);
  const dataFolder = join(folder, 'restarted');
  const before = await startTestServer({ dataFolder });
  assert.equal((await fetch(`${before.endpoint}/_haneul/snapshot`, { method: 'PUT', body: snapshot })).status, 200);
  await before.stop();
  await assertFilled(await start(t, { dataFolder }), made);
});

test('a load that a kill interrupted is done at the next start', async (t) => {
  const first = await start(t);
  const made = await fill(first);
  const dataFolder = join(folder, 'interrupted');
  await (await startTestServer({ dataFolder })).stop();
  writeFileSync(join(dataFolder, 'snapshots', 'loading.snapshot'), await save(first));
  await assertFilled(await start(t, { dataFolder }), made);
  assert.deepEqual(readdirSync(join(dataFolder, 'snapshots')), []);
});

test('a reset that a kill interrupted is finished at the next start', async (t) => {
  const dataFolder = join(folder, 'half-reset');
  const before = await start(t, { dataFolder });
  await fill(before);
  await before.server.stop();
  writeFileSync(join(dataFolder, 'snapshots', 'wiping'), '');
  const { aws } = await start(t, { dataFolder });
  assert.deepEqual((await aws.lambda.send(new ListFunctionsCommand({}))).Functions, []);
  assert.deepEqual(readdirSync(join(dataFolder, 'snapshots')), []);
});

test('a broken, cut or foreign file is refused and changes nothing', async (t) => {
  const world = await start(t);
  const made = await fill(world);
  const snapshot = await save(world);
  const flipped = Uint8Array.from(snapshot);
  flipped[snapshot.length >> 1] = (flipped[snapshot.length >> 1] ?? 0) ^ 1;
  for (const [what, bytes] of Object.entries({ flipped, cut: snapshot.subarray(0, -30), foreign: Buffer.from('PK\u0003\u0004 not ours'.repeat(9)), empty: new Uint8Array() })) {
    const { status, text } = await load(world, bytes);
    assert.equal(status, 400, `${what}: ${text}`);
    assert.doesNotMatch(text, /haneul-|\.draft/, what);
  }
  await assertFilled(world, made);
  assert.equal((await load(world, snapshot)).status, 200);
  await assertFilled(world, made);
});

test('invocations go on while a snapshot is saved, and others wait while one is loaded', async (t) => {
  const world = await start(t);
  const { name } = await fill(world);
  const snapshot = await save(world);
  const during = await Promise.all([save(world), ...Array.from({ length: 8 }, () => invoke(world.aws.lambda, name))]);
  assert.deepEqual(during.slice(1).map((answer) => (answer as { payload: unknown }).payload), Array(8).fill('blue'));
  const loading = load(world, snapshot);
  const refused = await load(world, snapshot);
  assert.deepEqual([(await loading).status, refused.status], [200, 409]);
  assert.equal((await invoke(world.aws.lambda, name)).payload, 'blue');
});

test('haneul snapshot saves to a file of its owner alone and loads it, on a strict server too', async () => {
  const dataFolder = join(folder, 'strict');
  const server = await startServerProcess({ dataFolder, args: ['--auth', 'strict'] });
  const haneul = (...args: string[]): Promise<CommandResult> =>
    runCommand(process.execPath, [join(packageRoot, 'dist/program/main.js'), 'snapshot', ...args, '--data-dir', dataFolder], { folder, env: { ...baseEnvironment(), NO_COLOR: '1' } });
  const key = JSON.parse(readFileSync(join(dataFolder, 'root-key.json'), 'utf8')) as { accessKeyId: string; secretAccessKey: string };
  const aws = sdkClients(server.endpoint, key);
  try {
    await createExecutionRole(aws);
    const saved = await haneul('save', 'state.haneul');
    assert.equal(saved.exitCode, 0, saved.stderr);
    assert.match(saved.stdout, /^Saved http:.*state\.haneul \(\d+ KB\)\.$/m);
    const path = join(folder, 'state.haneul');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.match((await haneul('save', 'state.haneul')).stderr, /state\.haneul exists/);
    const name = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files });
    assert.match((await haneul('load', 'state.haneul')).stderr, /nobody can be asked/);
    const loaded = await haneul('load', 'state.haneul', '--yes');
    assert.equal(loaded.exitCode, 0, loaded.stderr);
    await assert.rejects(invoke(aws.lambda, name), { name: 'ResourceNotFoundException' });
    assert.deepEqual((await aws.logs.send(new DescribeLogGroupsCommand({}))).logGroups, []);
    writeFileSync(join(folder, 'foreign'), 'x'.repeat(100_000));
    const refused = await haneul('load', 'foreign', '--yes');
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /The file is not a haneul snapshot/);
    assert.equal((await fetch(`${server.endpoint}/_haneul/snapshot`, { method: 'POST' })).status, 403);
    assert.equal((await fetch(`${server.endpoint}/_haneul/snapshot`, { method: 'PUT', body: readFileSync(path) })).status, 403);
  } finally {
    aws.destroy();
    await server.stop();
  }
});
