// The code of a function calls the server that runs it, as AWS code does: by the endpoint, region and credentials that it finds in
// its environment. Whatever it tries there, it is its execution role and nobody else.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Guarantee } from '../../src/sandbox/types.ts';
import { createFunction, invoke, lambdaTrustPolicy, uniqueName } from '../support/functions.ts';
import { fullEnvironment, runCommand } from '../support/runCommand.ts';
import type { SdkClients } from '../support/sdkClients.ts';
import { useServer } from '../support/useServer.ts';
import { zipFixture } from '../support/zipFolder.ts';

const families = [
  { family: 'node', Runtime: 'nodejs20.x', Handler: 'index.handler' },
  { family: 'python', Runtime: 'python3.11', Handler: 'app.handler' },
] as const;

let isConfined = false;
const functions = new Map<string, { readonly name: string; readonly roleName: string }>();
const scene = useServer({ offline: false }, async ({ aws, server }) => {
  const { guarantees } = (await (await fetch(`${server.endpoint}/_haneul/health`)).json()) as { guarantees: readonly Guarantee[] };
  isConfined = guarantees.some(({ name, on }) => on && name === 'functions cannot reach the network of the host');
  for (const { family, Runtime, Handler } of families) {
    const Role = await createRole(aws);
    const name = await createFunction(aws.lambda, { Role, Runtime, Handler, Timeout: 20, zip: zipFixture(family, 'calls-server') });
    functions.set(family, { name, roleName: Role.slice(Role.lastIndexOf('/') + 1) });
  }
});

interface Answer {
  readonly status?: number;
  readonly text?: string;
  readonly endpoint?: string;
  readonly failure?: string;
}

interface Wanted {
  readonly url?: string;
  readonly service?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly keys?: { readonly id: string; readonly secret: string; readonly token?: string };
}

const whoAmI: Wanted = {
  service: 'sts', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'Action=GetCallerIdentity&Version=2011-06-15',
};
const makeGroup = (logGroupName: string): Wanted => ({
  service: 'logs', headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.CreateLogGroup' }, body: JSON.stringify({ logGroupName }),
});
const madeUp = { id: 'test', secret: 'test' };

/** Two log groups' worth of permission: `allowed-*` may be made, nothing else. */
async function createRole({ iam }: SdkClients): Promise<string> {
  const RoleName = uniqueName('caller');
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy }));
  const statement = { Effect: 'Allow', Action: 'logs:CreateLogGroup', Resource: 'arn:aws:logs:*:*:log-group:allowed-*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'groups', PolicyDocument }));
  return Role?.Arn ?? '';
}

for (const { family } of families) {
  const own = (): { readonly name: string; readonly roleName: string } => functions.get(family) ?? assert.fail('the function was not made');

  const call = async (wanted: Wanted): Promise<Answer> => {
    const { functionError, text, payload } = await invoke(scene().aws.lambda, own().name, wanted);
    assert.equal(functionError, undefined, text);
    return payload as Answer;
  };

  test(`a ${family} function calls as the role that it runs in`, async () => {
    const { name, roleName } = own();
    const { status, text = '', endpoint } = await call(whoAmI);
    assert.equal(status, 200, text);
    assert.match(text, new RegExp(`<Arn>arn:aws:sts::000000000000:assumed-role/${roleName}/${name}</Arn>`));
    if (isConfined) assert.equal(endpoint, scene().server.endpoint, 'the port outside and inside is one');
  });

  test(`a ${family} function may do what its role may do, and is told in AWS's words what it may not`, async () => {
    const { name, roleName } = own();
    const allowed = uniqueName('allowed');
    assert.equal((await call(makeGroup(allowed))).status, 200);
    const { logGroups } = await scene().aws.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: allowed }));
    assert.equal(logGroups?.length, 1, 'the group is there for everybody');
    const { status, text = '' } = await call(makeGroup('forbidden'));
    assert.equal(status, 400);
    assert.deepEqual(JSON.parse(text), {
      __type: 'AccessDeniedException',
      message: `User: arn:aws:sts::000000000000:assumed-role/${roleName}/${name} is not authorized to perform: logs:CreateLogGroup on resource: arn:aws:logs:us-east-1:000000000000:log-group:forbidden:log-stream: because no identity-based policy allows the logs:CreateLogGroup action`,
    });
  });

  test(`a ${family} function with a made-up key is its role, never the administrator`, async () => {
    const { name, roleName } = own();
    const { text = '' } = await call({ ...whoAmI, keys: madeUp });
    assert.match(text, new RegExp(`assumed-role/${roleName}/${name}<`));
    assert.equal((await call({ ...makeGroup('forbidden'), keys: madeUp })).status, 400);
    assert.match((await call({ ...whoAmI, keys: { id: '111122223333', secret: 'test' } })).text ?? '', /<Account>000000000000</, 'nor somebody in another account');
  });

  test(`a ${family} function cannot use its own key with a wrong secret, nor go unsigned`, async () => {
    const stolen = await call({ ...whoAmI, keys: { id: 'ASIAAAAAAAAAAAAAAAAA', secret: 'x', token: 'y' } });
    assert.match(stolen.text ?? '', new RegExp(`assumed-role/${own().roleName}/`), 'an unissued key is made up, whatever it looks like');
    const { service: _, ...unsigned } = makeGroup('forbidden');
    assert.ok((await call(unsigned)).status !== 200);
  });

  test(`a ${family} function cannot steer the server`, async () => {
    for (const path of ['/_haneul/health', '/_haneul/clock', '/_localstack/health', '/lambda-code/x']) {
      const { status, text } = await call({ path, method: 'GET' });
      assert.equal(status, 403, path);
      assert.match(text ?? '', /Functions cannot reach this path/);
    }
    assert.equal((await call({ path: '/_haneul/stop' })).status, 403);
    assert.equal((await call({ path: '/_haneul/health', method: 'GET', headers: { host: 'evil.example' } })).status, 403);
  });
}

test('a function reaches neither the port of the server itself nor the endpoint of another environment', async (t) => {
  if (!isConfined) return t.skip('not run: functions share the network of this host');
  const { aws, server } = scene();
  // The same port inside is the function's own door: the one outside answers where that one refuses.
  const outside = await fetch(`${server.endpoint}/_haneul/health`);
  assert.equal(outside.status, 200);
  const files = {
    'index.js': `
      const net = require('node:net');
      const knock = (port) => new Promise((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(port); });
        socket.on('error', () => resolve(undefined));
      });
      exports.handler = async ({ ports }) => (await Promise.all(ports.map(knock))).filter(Boolean);`,
  };
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port: foreign } = other.address() as { port: number };
  const own = Number(new URL(server.endpoint).port);
  const name = await createFunction(aws.lambda, { Role: await createRole(aws), Runtime: 'nodejs20.x', files });
  const { payload } = await invoke(aws.lambda, name, { ports: [own, foreign, 9001, 4566, 22, 80] });
  assert.deepEqual(payload, [own, 9001], 'its own door, and its own Runtime and Extensions API');
});

test('a function finds no endpoint variable but its own when it sets one', async () => {
  const { aws } = scene();
  const files = { 'index.js': 'exports.handler = async () => process.env.AWS_ENDPOINT_URL;' };
  const Environment = { Variables: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } };
  const name = await createFunction(aws.lambda, { Role: await createRole(aws), Runtime: 'nodejs20.x', files, Environment });
  assert.equal((await invoke(aws.lambda, name)).payload, 'http://127.0.0.1:1');
});

const sdkFunctions = [
  {
    how: 'require in Node.js', Runtime: 'nodejs20.x', Handler: 'index.handler',
    files: {
      'index.js': `
        const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
        const { CloudWatchLogsClient, CreateLogGroupCommand } = require('@aws-sdk/client-cloudwatch-logs');
        const { DynamoDBDocumentClient } = require('@aws-sdk/lib-dynamodb');
        exports.handler = async ({ logGroupName }) => {
          const { Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
          const refusal = await new CloudWatchLogsClient({}).send(new CreateLogGroupCommand({ logGroupName })).then(() => null, (error) => error.name);
          return { Arn, refusal, more: typeof DynamoDBDocumentClient };
        };`,
    },
  },
  {
    how: 'import in Node.js', Runtime: 'nodejs20.x', Handler: 'index.handler',
    files: {
      'index.mjs': `
        import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
        import { S3Client } from '@aws-sdk/client-s3';
        const sts = new STSClient({});
        export const handler = async () => ({ Arn: (await sts.send(new GetCallerIdentityCommand({}))).Arn, refusal: 'AccessDeniedException', more: typeof S3Client });`,
    },
  },
  {
    how: 'import boto3 in Python', Runtime: 'python3.11', Handler: 'app.handler',
    files: {
      'app.py': `
import boto3, botocore
def handler(event, context):
    try:
        boto3.client('logs').create_log_group(logGroupName=event['logGroupName'])
        refusal = None
    except botocore.exceptions.ClientError as error:
        refusal = error.response['Error']['Code']
    more = 'function' if '/var/lang/lib/python3.11/site-packages/' in boto3.__file__ or 'sdk-python-' in boto3.__file__ else boto3.__file__
    return {'Arn': boto3.client('sts').get_caller_identity()['Arn'], 'refusal': refusal, 'more': more}
`,
    },
  },
] as const;

for (const { how, files, ...settings } of sdkFunctions) {
  test(`the AWS SDK is there as on AWS: ${how}`, { timeout: 120_000 }, async (t) => {
    const { aws } = scene();
    const Role = await createRole(aws);
    const name = await createFunction(aws.lambda, { ...settings, Role, files, Timeout: 30, MemorySize: 512 });
    const { payload, text } = await invoke(aws.lambda, name, { logGroupName: 'forbidden' });
    if (text.includes('ImportModuleError') && !(await isRegistryReachable())) return t.skip('not run: the package registry cannot be reached');
    const { Arn, refusal, more } = payload as { Arn?: string; refusal?: string; more?: string };
    assert.equal(Arn, `arn:aws:sts::000000000000:assumed-role/${Role.slice(Role.lastIndexOf('/') + 1)}/${name}`, text);
    assert.equal(refusal, 'AccessDeniedException');
    assert.equal(more, 'function');
  });
}

async function isRegistryReachable(): Promise<boolean> {
  return (await runCommand('npm', ['ping'], { env: fullEnvironment(), timeoutMs: 30_000 })).exitCode === 0;
}
