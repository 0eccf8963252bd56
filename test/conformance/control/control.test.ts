import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CloudWatchLogsClient, CreateLogGroupCommand, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { type Haneul, startHaneul } from '../../../src/server/startHaneul.ts';
import { signRequest } from '../../../src/wire/sigv4.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

async function call(url: string, init: RequestInit = {}): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(url, init);
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

describe('control endpoints of a server on loopback', () => {
  let haneul: Haneul;
  before(async () => {
    haneul = await startHaneul();
  });
  after(() => haneul.stop());

  test('health tells the endpoint, what isolates functions, and what is served', async () => {
    const { status, json } = await call(`${haneul.endpoint}/_haneul/health`);
    assert.equal(status, 200);
    assert.equal(json['status'], 'running');
    assert.equal(json['endpoint'], haneul.endpoint);
    assert.ok(Array.isArray(json['guarantees']) && json['guarantees'].length > 0);
    assert.equal((json['services'] as Record<string, string>)['logs'], 'available');
  });

  test('the health path of LocalStack answers in its shape', async () => {
    const { status, json } = await call(`${haneul.endpoint}/_localstack/health`);
    assert.equal(status, 200);
    assert.equal((json['services'] as Record<string, string>)['iam'], 'available');
    assert.match(String(json['version']), /^\d+\.\d+\.\d+/);
    assert.equal((await fetch(`${haneul.endpoint}/_localstack/health`, { method: 'HEAD' })).status, 200);
  });

  test('clock moves product time forward only', async () => {
    const before = haneul.clock.now();
    const moved = await call(`${haneul.endpoint}/_haneul/clock`, { method: 'POST', body: JSON.stringify({ advanceMs: 86_400_000 }) });
    assert.equal(moved.status, 200);
    assert.equal(moved.json['offsetMs'], 86_400_000);
    assert.ok(haneul.clock.now() >= before + 86_400_000);
    for (const advanceMs of [-1, '5', Number.MAX_VALUE, null]) {
      const refused = await call(`${haneul.endpoint}/_haneul/clock`, { method: 'POST', body: JSON.stringify({ advanceMs }) });
      assert.equal(refused.status, 400, String(advanceMs));
    }
  });

  test('reset forgets what clients made and goes on serving', async () => {
    const logs = new CloudWatchLogsClient({ endpoint: haneul.endpoint, region: 'us-east-1', credentials });
    await logs.send(new CreateLogGroupCommand({ logGroupName: '/to-be-forgotten' }));
    assert.equal((await call(`${haneul.endpoint}/_haneul/reset`, { method: 'POST' })).status, 200);
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({}));
    assert.deepEqual(logGroups, []);
    logs.destroy();
  });

  test('an unknown path, a wrong method and a body that is no JSON are told apart', async () => {
    assert.equal((await call(`${haneul.endpoint}/_haneul/nonsense`)).status, 404);
    assert.equal((await call(`${haneul.endpoint}/_haneul/reset`)).status, 405);
    assert.equal((await call(`${haneul.endpoint}/_haneul/clock`, { method: 'POST', body: '{' })).status, 400);
    assert.equal((await call(`${haneul.endpoint}/_haneul/clock`, { method: 'POST', body: 'x'.repeat(70_000) })).status, 413);
  });

  test('a web page of another origin cannot drive the server', async () => {
    const { status } = await call(`${haneul.endpoint}/_haneul/reset`, { method: 'POST', headers: { origin: 'https://evil.example' } });
    assert.equal(status, 403);
  });
});

describe('control endpoints of a strict server', () => {
  let haneul: Haneul;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'haneul-strict-'));
    haneul = await startHaneul({ auth: 'strict', dataFolder: folder });
  });
  after(async () => {
    await haneul.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('take only requests signed with the root key, which only the owner of the data folder can read', async () => {
    const url = `${haneul.endpoint}/_haneul/health`;
    assert.equal((await call(url)).status, 403);
    const sign = (key: { accessKeyId: string; secretAccessKey: string }): RequestInit => ({
      headers: signRequest({ method: 'GET', url, service: 'haneul', region: 'us-east-1', nowMs: Date.now() }, key),
    });
    assert.equal((await call(url, sign(credentials))).status, 403);
    const keyFile = join(folder, 'root-key.json');
    const rootKey = JSON.parse(readFileSync(keyFile, 'utf8')) as { accessKeyId: string; secretAccessKey: string };
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    assert.equal((await call(url, sign({ ...rootKey, secretAccessKey: 'guess' }))).status, 403);
    assert.equal((await call(url, sign(rootKey))).status, 200);
    assert.equal((await call(`${haneul.endpoint}/_haneul/metrics`)).status, 403);
  });

  test('leave only the health path of LocalStack to everybody, because health checks sign nothing', async () => {
    assert.equal((await call(`${haneul.endpoint}/_localstack/health`)).status, 200);
  });
});
