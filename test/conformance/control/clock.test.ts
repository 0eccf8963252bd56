// Product time and wall time, end to end: what follows a clock that was moved, and what does not.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand, PutLogEventsCommand, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { createFunction, invoke, lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { startTestServer } from '../../support/testServer.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const dayMs = 86_400_000;

async function advance(milliseconds: number): Promise<void> {
  const answer = await fetch(`${scene().server.endpoint}/_haneul/clock`, { method: 'POST', body: JSON.stringify({ advanceMs: milliseconds }) });
  assert.equal(answer.status, 200);
}

const waiting = {
  'index.js': `let id = Math.random();
exports.handler = async ({ waitMs }, context) => {
  const startedMs = Date.now();
  await new Promise((resolve) => setTimeout(resolve, waitMs ?? 0));
  return { id, tookMs: Date.now() - startedMs, leftMs: context.getRemainingTimeInMillis(), key: process.env.AWS_ACCESS_KEY_ID, secret: process.env.AWS_SECRET_ACCESS_KEY, token: process.env.AWS_SESSION_TOKEN };
};`,
};

interface Seen {
  readonly id: number;
  readonly tookMs: number;
  readonly leftMs: number;
  readonly key: string;
  readonly secret: string;
  readonly token: string;
}

const createWaiting = (Timeout: number): Promise<string> => createFunction(scene().aws.lambda, { Role: scene().roleArn, files: waiting, Timeout });

test('moving product time breaks no signature', async () => {
  await advance(3 * dayMs);
  await scene().aws.iam.send(new ListRolesCommand({}));
});

test('moving product time neither ends nor prolongs a running invocation', async () => {
  const { aws } = scene();
  const name = await createWaiting(3);
  await invoke(aws.lambda, name);
  const [done, cut] = [invoke(aws.lambda, name, { waitMs: 600 }), invoke(aws.lambda, name, { waitMs: 20_000 })];
  const startedMs = Date.now();
  await advance(dayMs);
  const { tookMs, leftMs } = (await done).payload as Seen;
  assert.ok(tookMs >= 590 && tookMs < 2_900, `took ${tookMs} ms`);
  assert.ok(leftMs > 0 && leftMs < 3_000, `${leftMs} ms were left`);
  assert.match((await cut).text, /Task timed out after 3\.00 seconds/);
  assert.ok(Date.now() - startedMs > 2_500);
});

test('moving product time leaves running functions their keys, and recycles the idle ones', async () => {
  const { aws, server } = scene();
  const name = await createWaiting(30);
  const first = (await invoke(aws.lambda, name)).payload as Seen;
  const running = invoke(aws.lambda, name, { waitMs: 1_000 });
  await advance(5 * dayMs);
  // New environments and sessions clear what has expired; these keys have not.
  await invoke(aws.lambda, await createWaiting(3));
  const held = sdkClients(server.endpoint, { accessKeyId: first.key, secretAccessKey: first.secret, sessionToken: first.token });
  const { Arn } = await held.sts.send(new GetCallerIdentityCommand({}));
  held.destroy();
  assert.match(Arn ?? '', new RegExp(`assumed-role/.*/${name}$`));
  assert.equal(((await running).payload as Seen).id, first.id, 'the running environment was ended');
  await advance(dayMs);
  assert.notEqual(((await invoke(aws.lambda, name)).payload as Seen).id, first.id, 'the idle environment was kept');
});

test('sessions expire by product time', async () => {
  const { aws, server } = scene();
  const RoleName = uniqueName('assumed');
  const trust = lambdaTrustPolicy.replace('"Service":"lambda.amazonaws.com"', '"AWS":"arn:aws:iam::000000000000:root"');
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  const { Credentials } = await aws.sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'one', DurationSeconds: 900 }));
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  const session = sdkClients(server.endpoint, { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken });
  await session.sts.send(new GetCallerIdentityCommand({}));
  await advance(901_000);
  await assert.rejects(session.sts.send(new GetCallerIdentityCommand({})), { name: 'ExpiredToken' });
  session.destroy();
});

test('retention of logs follows product time', async () => {
  const { aws, server } = scene();
  const logGroupName = `/${uniqueName('kept')}`;
  const logStreamName = 'one';
  await aws.logs.send(new CreateLogGroupCommand({ logGroupName }));
  await aws.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  await aws.logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 1 }));
  await aws.logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: [{ timestamp: server.clock.now(), message: 'soon gone' }] }));
  const count = async (): Promise<number> => (await aws.logs.send(new FilterLogEventsCommand({ logGroupName }))).events?.length ?? 0;
  assert.equal(await count(), 1);
  await advance(dayMs / 2);
  assert.equal(await count(), 1);
  await advance(dayMs);
  assert.equal(await count(), 0);
});

test('the offset survives a restart, and a reset takes it back', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'haneul-clock-'));
  try {
    const first = await startTestServer({ dataFolder });
    await first.clock.advance(dayMs);
    await first.clock.advance(dayMs);
    await first.stop();
    const second = await startTestServer({ dataFolder });
    const ahead = second.clock.now() - Date.now();
    assert.ok(Math.abs(ahead - 2 * dayMs) < 1_000, `${ahead} ms ahead`);
    await second.reset();
    assert.ok(Math.abs(second.clock.now() - Date.now()) < 1_000);
    await second.stop();
  } finally {
    rmSync(dataFolder, { recursive: true, force: true });
  }
});
