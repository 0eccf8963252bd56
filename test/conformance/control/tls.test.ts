// One port speaks HTTP and HTTPS; the certificate is one that strict clients accept once they trust its authority.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { createFunction, invoke } from '../../support/functions.ts';
import { baseEnvironment, runCommand } from '../../support/runCommand.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { useServer } from '../../support/useServer.ts';

let authority = '';
const scene = useServer({}, async ({ server }) => {
  const answer = await fetch(`${server.endpoint}/_haneul/authority.pem`);
  assert.equal(answer.status, 200);
  authority = await answer.text();
});

const secureEndpoint = (host = '127.0.0.1'): string => `https://${host}:${new URL(scene().server.endpoint).port}`;

test('the SDK works over HTTPS once it trusts the authority, and not before', async () => {
  const iam = new IAMClient(sdkConfig(secureEndpoint()));
  await assert.rejects(iam.send(new ListRolesCommand({})), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
  iam.destroy();
  const agent = new Agent({ ca: authority, keepAlive: true });
  const lambda = new LambdaClient({ ...sdkConfig(secureEndpoint('localhost')), requestHandler: { httpsAgent: agent } });
  const name = await createFunction(lambda, { Role: scene().roleArn, files: { 'index.js': 'exports.handler = async () => "over TLS";' } });
  assert.equal((await invoke(lambda, name)).payload, 'over TLS');
  const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: name }));
  assert.match(Code?.Location ?? '', /^https:\/\/localhost:\d+\/lambda-code\//, 'links are of the scheme that the client used');
  lambda.destroy();
  agent.destroy();
});

const nameOf = (host: string, servername: string): Promise<X509Certificate> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(scene().server.endpoint);
    const socket = connect({ host, port: Number(port), servername, ca: authority }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
    socket.on('error', reject);
  });

test('every name of loopback is certified, and no other', async () => {
  assert.match((await nameOf('127.0.0.1', 'photos.localhost')).subjectAltName ?? '', /^DNS:photos\.localhost$/);
  assert.match((await nameOf('127.0.0.1', 'localhost')).subjectAltName ?? '', /DNS:localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1/);
  await assert.rejects(nameOf('127.0.0.1', 'example.com'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('a strict verifier of another make accepts the chain', async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), 'haneul-tls-')), 'authority.pem');
  writeFileSync(file, authority);
  const source = `
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
print(urllib.request.urlopen(sys.argv[2] + '/_localstack/health', context=context).status)`;
  const { exitCode, stdout, stderr } = await runCommand('python3', ['-c', source, file, secureEndpoint()], { env: baseEnvironment() });
  if (exitCode === 127) return t.skip('python3 is not installed');
  assert.deepEqual([exitCode, stdout.trim()], [0, '200'], stderr);
});

test('requests that the fast path does not serve arrive over TLS as well', async () => {
  const status = await new Promise((resolve, reject) => {
    const outgoing = request(`${secureEndpoint()}/_haneul/health`, { ca: authority, agent: false }, (incoming) => resolve(incoming.resume().statusCode));
    outgoing.on('error', reject).end();
  });
  assert.equal(status, 200);
});

test('a broken handshake ends its own connection only', async () => {
  const { port } = new URL(scene().server.endpoint);
  const socket = connectPlain(Number(port), '127.0.0.1', () => socket.write(Buffer.concat([Buffer.from([0x16]), Buffer.alloc(600, 0xff)])));
  await new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve).resume());
  assert.equal((await fetch(`${scene().server.endpoint}/_haneul/health`)).status, 200);
});
