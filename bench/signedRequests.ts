// What signatures and policies cost a request: the same read (IAM GetUser) with a key that is not verified, with one that is, and
// with one whose owner's 10 policies of 20 statements are enforced. `npm run bench -- signedRequests [--quick | --long]`.

import { AttachUserPolicyCommand, CreateAccessKeyCommand, CreatePolicyCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import { signRequest } from '../src/wire/sigv4.ts';
import { sdkClients, type SdkCredentials } from '../test/support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../test/support/serverProcess.ts';
import { bySize, extent } from './support/extent.ts';
import { loadHttp, type LoadResult } from './support/loadHttp.ts';
import { processorMilliseconds } from './support/processorTime.ts';
import { median, report } from './support/report.ts';

const { runs } = extent;
const plan = { connections: 16, requests: bySize({ quick: 4_000, usual: 30_000, long: 30_000 }), millisecondsMax: bySize({ quick: 2_000, usual: 3_000, long: 5_000 }) };
const userName = 'reader';
const body = `Action=GetUser&Version=2010-05-08&UserName=${userName}`;

const trusting = await startServerProcess({ args: ['--iam', 'off'] });
const enforcing = await startServerProcess();
try {
  const paths = [
    { name: 'not verified: a key that was not issued', server: trusting, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    { name: 'verified, policies off', server: trusting, credentials: await createReader(trusting) },
    { name: 'verified, policies enforced', server: enforcing, credentials: await createReader(enforcing) },
  ];
  const results = paths.map((): (LoadResult & { readonly processorMicroseconds: number })[] => []);
  for (let run = 0; run < runs; run += 1) {
    // The paths take turns within each run, so that a disturbance of the machine meets all of them.
    for (const [index, { server, credentials }] of paths.entries()) {
      const request = requestOf(server, credentials);
      await loadHttp({ port: server.port, request, connections: 16, requests: 2_000, millisecondsMax: 5_000 });
      const before = processorMilliseconds(server.pid);
      const result = await loadHttp({ port: server.port, request, ...plan });
      results[index]?.push({ ...result, processorMicroseconds: ((processorMilliseconds(server.pid) - before) * 1_000) / result.answered });
    }
  }
  const rates = results.map((list) => median(list.map(({ perSecond }) => perSecond)));
  const rows = paths.map(({ name }, index) => ({
    request: name,
    'c=16 per s': rates[index] ?? 0,
    'of the one above': index === 0 ? '' : ((rates[index] ?? 0) / (rates[index - 1] ?? 1)).toFixed(2),
    'processor us': Math.round(median((results[index] ?? []).map(({ processorMicroseconds }) => processorMicroseconds))),
    failed: (results[index] ?? []).reduce((sum, { failed }) => sum + failed, 0),
  }));
  report('signedRequests', rows, ['wanted: signatures at most 35 % of the throughput, policies at most 10 %']);
} finally {
  await trusting.stop();
  await enforcing.stop();
}

async function createReader({ endpoint }: ServerProcess): Promise<SdkCredentials> {
  const clients = sdkClients(endpoint);
  await clients.iam.send(new CreateUserCommand({ UserName: userName }));
  for (let policy = 0; policy < 10; policy += 1) {
    const { Policy } = await clients.iam.send(new CreatePolicyCommand({ PolicyName: `p${policy}`, PolicyDocument: documentOf(policy) }));
    await clients.iam.send(new AttachUserPolicyCommand({ UserName: userName, PolicyArn: Policy?.Arn }));
  }
  const { AccessKey } = await clients.iam.send(new CreateAccessKeyCommand({ UserName: userName }));
  clients.destroy();
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

// Two statements of each policy name the action; the very last one allows it.
function documentOf(policy: number): string {
  const statements = Array.from({ length: 20 }, (_, index) => ({
    Effect: 'Allow',
    Action: [`sqs:Op${index}*`, 's3:List*', index % 10 === 9 ? 'iam:Get*' : 'iam:PassRole'],
    Resource: policy === 9 && index === 19 ? 'arn:aws:iam::*:user/${aws:username}' : `arn:aws:iam::*:user/other-${policy}-${index}`,
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

function requestOf({ port }: ServerProcess, credentials: SdkCredentials): Buffer {
  const unsigned = { host: `127.0.0.1:${port}`, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const url = `http://127.0.0.1:${port}/`;
  const headers = signRequest({ method: 'POST', url, body, headers: unsigned, service: 'iam', region: 'us-east-1', nowMs: Date.now() }, credentials);
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)) }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(['POST / HTTP/1.1', ...lines, '', body].join('\r\n'));
}
