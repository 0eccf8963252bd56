import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { pointAt, type AwsCli, type AwsCliGeneration, type AwsCliProgram } from '../support/awsCli.ts';
import { createWalk, type Walk } from '../support/clientWalk.ts';
import { basicExecutionPolicyArn, lambdaTrustPolicy } from '../support/functions.ts';
import type { Missing } from '../support/installOnce.ts';
import { startTestServer, type TestServer } from '../support/testServer.ts';
import { zipFixture } from '../support/zipFolder.ts';

type Json = Record<string, unknown>;

interface WalkFunction {
  readonly name: string;
  readonly runtime: 'python3.12' | 'nodejs22.x' | 'provided.al2023';
  readonly handler: string;
  readonly fixture: readonly ['node' | 'python' | 'custom', string];
}

const functions: readonly WalkFunction[] = [
  { name: 'walk-python', runtime: 'python3.12', handler: 'app.handler', fixture: ['python', 'walk-hello'] },
  { name: 'walk-node', runtime: 'nodejs22.x', handler: 'index.handler', fixture: ['node', 'walk-hello'] },
  { name: 'walk-shell', runtime: 'provided.al2023', handler: 'bootstrap', fixture: ['custom', 'walk-shell'] },
];

const roleArn = 'arn:aws:iam::000000000000:role/walk-role';

interface Scene {
  readonly aws: AwsCli;
  readonly folder: string;
  readonly generation: AwsCliGeneration;
}

/** Declares the whole walk through one generation of the AWS command line, each command as a person would type it. */
export function declareCliWalk(generation: AwsCliGeneration, program: AwsCliProgram | Missing): void {
  const missing = 'missing' in program ? program.missing : undefined;
  const walk = createWalk('missing' in program ? `AWS CLI (${generation})` : `AWS CLI ${program.version}`, missing);
  const folder = mkdtempSync(join(tmpdir(), 'haneul-walk-'));
  let server: TestServer | undefined;
  let aws: AwsCli | undefined;
  before(async () => {
    if ('missing' in program) return;
    server = await startTestServer();
    aws = pointAt(program, { endpoint: server.endpoint });
    for (const { name, fixture } of functions) writeFileSync(join(folder, `${name}.zip`), zipFixture(...fixture));
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server?.stop();
  });
  const scene = (): Scene => {
    assert.ok(aws, 'the server did not start');
    return { aws, folder, generation };
  };
  declareIdentity(walk, scene);
  declareFunctions(walk, scene);
  declareChanges(walk, scene);
  declareLogs(walk, scene, generation);
  declareQueues(walk, scene);
  declareRefusals(walk, scene);
  declareEnd(walk, scene);
}

function declareIdentity(walk: Walk, scene: () => Scene): void {
  walk.step('sts get-caller-identity', async () => {
    const identity = (await scene().aws.json(['sts', 'get-caller-identity'])) as Json;
    assert.deepEqual([identity['Account'], identity['Arn']], ['000000000000', 'arn:aws:iam::000000000000:root']);
  });
  walk.step('iam create-role', async () => {
    const { aws, folder } = scene();
    writeFileSync(join(folder, 'trust.json'), lambdaTrustPolicy);
    const args = ['iam', 'create-role', '--role-name', 'walk-role', '--assume-role-policy-document', `file://${join(folder, 'trust.json')}`];
    const { Role } = (await aws.json(args)) as { Role: Json };
    assert.equal(Role['Arn'], roleArn);
    assert.deepEqual(Role['AssumeRolePolicyDocument'], JSON.parse(lambdaTrustPolicy), 'the CLI decodes the document itself');
  });
  walk.step('iam get-role', async () => {
    const { Role } = (await scene().aws.json(['iam', 'get-role', '--role-name', 'walk-role'])) as { Role: Json };
    assert.match(String(Role['RoleId']), /^AROA[A-Z0-9]{17}$/);
  });
  walk.step('iam attach-role-policy', async () => {
    const { aws } = scene();
    await aws.json(['iam', 'attach-role-policy', '--role-name', 'walk-role', '--policy-arn', basicExecutionPolicyArn]);
    const attached = (await aws.json(['iam', 'list-attached-role-policies', '--role-name', 'walk-role'])) as Json;
    assert.deepEqual(attached['AttachedPolicies'], [{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: basicExecutionPolicyArn }]);
  });
  walk.step('sts assume-role', async () => {
    const { aws, folder } = scene();
    const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'sts:AssumeRole' }] };
    writeFileSync(join(folder, 'people.json'), JSON.stringify(trust));
    const document = `file://${join(folder, 'people.json')}`;
    const made = (await aws.json(['iam', 'create-role', '--role-name', 'walk-people', '--assume-role-policy-document', document])) as { Role: Json };
    const args = ['sts', 'assume-role', '--role-arn', String(made.Role['Arn']), '--role-session-name', 'walker'];
    const { Credentials } = (await aws.json(args)) as { Credentials: Record<string, string> };
    const env = {
      AWS_ACCESS_KEY_ID: Credentials['AccessKeyId'] ?? '',
      AWS_SECRET_ACCESS_KEY: Credentials['SecretAccessKey'] ?? '',
      AWS_SESSION_TOKEN: Credentials['SessionToken'] ?? '',
    };
    const identity = (await aws.json(['sts', 'get-caller-identity'], { env })) as Json;
    assert.equal(identity['Arn'], 'arn:aws:sts::000000000000:assumed-role/walk-people/walker');
    const refused = await aws.run(['lambda', 'list-functions'], { env });
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr, /AccessDenied.*is not authorized to perform: lambda:ListFunctions/s);
  });
}

function declareFunctions(walk: Walk, scene: () => Scene): void {
  for (const { name, runtime, handler } of functions) {
    walk.step(`lambda create-function (${runtime})`, async () => {
      const { aws, folder } = scene();
      const made = (await aws.json([
        'lambda', 'create-function', '--function-name', name, '--runtime', runtime, '--role', roleArn, '--handler', handler,
        '--zip-file', `fileb://${join(folder, `${name}.zip`)}`,
      ])) as Json;
      assert.equal(made['FunctionArn'], `arn:aws:lambda:us-east-1:000000000000:function:${name}`);
      assert.deepEqual([made['MemorySize'], made['Timeout'], made['Version'], made['PackageType']], [128, 3, '$LATEST', 'Zip']);
    });
  }
  walk.step('lambda wait function-active-v2', async () => {
    for (const { name } of functions) await scene().aws.json(['lambda', 'wait', 'function-active-v2', '--function-name', name]);
  });
  walk.step('lambda invoke', async () => {
    for (const { name } of functions) {
      const { answer, payload } = await invoke(scene(), name, { from: name });
      assert.equal(answer['StatusCode'], 200);
      assert.equal(answer['ExecutedVersion'], '$LATEST');
      assert.equal(answer['FunctionError'], undefined, JSON.stringify(payload));
      assert.deepEqual(payload['event'], { from: name });
      assert.deepEqual([payload['greeting'], payload['functionName'], payload['memory']], ['none', name, 128]);
    }
  });
  walk.step('lambda invoke --log-type Tail', async () => {
    for (const { name } of functions) {
      const { answer, payload } = await invoke(scene(), name, { from: 'tail' }, ['--log-type', 'Tail']);
      const tail = Buffer.from(String(answer['LogResult']), 'base64').toString('utf8');
      const id = String(payload['requestId']);
      assert.match(tail, new RegExp(`START RequestId: ${id} Version: \\$LATEST\n`));
      assert.match(tail, /walk-(hello|shell) got \{"from": ?"tail"\}/);
      assert.match(tail, new RegExp(`END RequestId: ${id}\n`));
      assert.match(tail, new RegExp(`REPORT RequestId: ${id}\tDuration: [\\d.]+ ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\tMax Memory Used: \\d+ MB`));
    }
  });
  walk.step('lambda invoke, function error', async () => {
    const errorTypes = ['ValueError', 'TypeError', 'Shell.Asked'];
    for (const [index, { name }] of functions.entries()) {
      const { answer, payload } = await invoke(scene(), name, { fail: true });
      assert.deepEqual([answer['StatusCode'], answer['FunctionError']], [200, 'Unhandled']);
      assert.deepEqual([payload['errorMessage'], payload['errorType']], ['asked to fail', errorTypes[index]]);
    }
  });
}

// CLI 2 takes payloads in base64 unless told otherwise, CLI 1 as they are: both ways are walked.
async function invoke(scene: Scene, name: string, event: Json, further: readonly string[] = []): Promise<{ answer: Json; payload: Json }> {
  const { aws, folder } = scene;
  const out = join(folder, 'out.json');
  const text = JSON.stringify(event);
  const inBase64 = aws.takesBinaryFormat && name === 'walk-node';
  const payload = inBase64 ? Buffer.from(text).toString('base64') : text;
  const format = aws.takesBinaryFormat && !inBase64 ? ['--cli-binary-format', 'raw-in-base64-out'] : [];
  const answer = (await aws.json(['lambda', 'invoke', '--function-name', name, '--payload', payload, ...format, ...further, out])) as Json;
  return { answer, payload: JSON.parse(readFileSync(out, 'utf8')) as Json };
}

function declareChanges(walk: Walk, scene: () => Scene): void {
  walk.step('lambda get-function', async () => {
    const { aws, folder } = scene();
    const { Configuration, Code } = (await aws.json(['lambda', 'get-function', '--function-name', 'walk-python'])) as { Configuration: Json; Code: Json };
    assert.deepEqual([Configuration['State'], Configuration['Runtime'], Configuration['Handler']], ['Active', 'python3.12', 'app.handler']);
    assert.equal(Code['RepositoryType'], 'S3');
    const download = await fetch(String(Code['Location']));
    assert.deepEqual(Buffer.from(await download.arrayBuffer()), readFileSync(join(folder, 'walk-python.zip')));
  });
  walk.step('lambda list-functions', async () => {
    const { aws } = scene();
    const names = (list: unknown): string[] => (list as { Functions: { FunctionName: string }[] }).Functions.map((item) => item.FunctionName).sort();
    const expected = functions.map(({ name }) => name).sort();
    assert.deepEqual(names(await aws.json(['lambda', 'list-functions'])), expected);
    assert.deepEqual(names(await aws.json(['lambda', 'list-functions', '--page-size', '1'])), expected, 'page by page');
  });
  walk.step('lambda update-function-configuration', async () => {
    const { aws } = scene();
    for (const { name } of functions) {
      const updated = (await aws.json([
        'lambda', 'update-function-configuration', '--function-name', name, '--environment', 'Variables={GREETING=hello}', '--memory-size', '256', '--timeout', '10',
      ])) as Json;
      assert.deepEqual([updated['MemorySize'], updated['Timeout'], updated['Environment']], [256, 10, { Variables: { GREETING: 'hello' } }]);
      await aws.json(['lambda', 'wait', 'function-updated-v2', '--function-name', name]);
      const { payload } = await invoke(scene(), name, {});
      assert.deepEqual([payload['greeting'], payload['memory']], ['hello', 256]);
    }
  });
  walk.step('lambda update-function-code', async () => {
    const { aws, folder } = scene();
    const before = (await aws.json(['lambda', 'get-function-configuration', '--function-name', 'walk-node'])) as Json;
    const zip = zipFixture('node', 'walk-changed');
    writeFileSync(join(folder, 'changed.zip'), zip);
    const updated = (await aws.json([
      'lambda', 'update-function-code', '--function-name', 'walk-node', '--zip-file', `fileb://${join(folder, 'changed.zip')}`,
    ])) as Json;
    assert.notEqual(updated['CodeSha256'], before['CodeSha256']);
    assert.equal(updated['CodeSize'], zip.length);
    await aws.json(['lambda', 'wait', 'function-updated-v2', '--function-name', 'walk-node']);
    const { payload } = await invoke(scene(), 'walk-node', {});
    assert.deepEqual(payload, { changed: true });
  });
}

function declareLogs(walk: Walk, scene: () => Scene, generation: AwsCliGeneration): void {
  const group = '/aws/lambda/walk-python';
  walk.step('logs describe-log-groups', async () => {
    const { logGroups } = (await scene().aws.json(['logs', 'describe-log-groups', '--log-group-name-prefix', '/aws/lambda/walk-'])) as { logGroups: Json[] };
    assert.deepEqual(logGroups.map((item) => item['logGroupName']), ['/aws/lambda/walk-node', group, '/aws/lambda/walk-shell']);
  });
  walk.step('logs filter-log-events', async () => {
    const { aws } = scene();
    const args = ['logs', 'filter-log-events', '--log-group-name', group, '--filter-pattern', '"walk-hello got"'];
    const { events } = (await aws.json(args)) as { events: { message: string; logStreamName: string }[] };
    assert.ok(events.some((event) => event.message.includes('walk-hello got {"from": "tail"}')), JSON.stringify(events));
    assert.ok(events.every((event) => event.message.startsWith('walk-hello got')), 'START, END and REPORT do not match the pattern');
    assert.match(events[0]?.logStreamName ?? '', /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
  });
  if (generation === 'v1') {
    walk.absent('logs tail');
    walk.absent('logs tail --follow');
    return;
  }
  walk.step('logs tail', async () => {
    const result = await scene().aws.run(['logs', 'tail', group, '--since', '1h', '--format', 'short']);
    assert.equal(result.exitCode, 0, result.stderr);
    for (const part of ['START RequestId: ', 'walk-hello got {"from": "tail"}', 'END RequestId: ', 'REPORT RequestId: ', 'Init Duration: ']) {
      assert.ok(result.stdout.includes(part), `${part} in ${result.stdout}`);
    }
  });
  walk.step('logs tail --follow', async () => {
    const { aws } = scene();
    const marker = '{"from": "follow"}';
    // Into a pipe the client writes only when it ends, and it asks for news every five seconds: so the invocation comes between its
    // first two questions, and the interrupt after them.
    const following = aws.run(['logs', 'tail', group, '--follow', '--since', '1m'], { timeoutMs: 40_000, interruptAfterMs: 14_000 });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await invoke(scene(), 'walk-python', { from: 'follow' });
    const { stdout, stderr } = await following;
    assert.ok(stdout.includes(marker), `the event of an invocation made while following; standard error: ${stderr}`);
  });
}

function declareQueues(walk: Walk, scene: () => Scene): void {
  let url = '';
  let handle = '';
  walk.step('sqs create-queue', async () => {
    const created = (await scene().aws.json(['sqs', 'create-queue', '--queue-name', 'walk-queue', '--attributes', 'VisibilityTimeout=60'])) as Json;
    url = String(created['QueueUrl']);
    assert.match(url, /^http:\/\/[^/]+\/000000000000\/walk-queue$/);
  });
  walk.step('sqs send-message', async () => {
    const attributes = 'city={DataType=String,StringValue=서울}';
    const sent = (await scene().aws.json(['sqs', 'send-message', '--queue-url', url, '--message-body', '하늘 & <sky>', '--message-attributes', attributes])) as Json;
    assert.equal(sent['MD5OfMessageBody'], createHash('md5').update('하늘 & <sky>').digest('hex'));
  });
  walk.step('sqs receive-message', async () => {
    const args = ['--wait-time-seconds', '5', '--message-attribute-names', 'All', '--attribute-names', 'All'];
    const { Messages: [message] = [] } = (await scene().aws.json(['sqs', 'receive-message', '--queue-url', url, ...args])) as { Messages?: Json[] };
    handle = String(message?.['ReceiptHandle']);
    const { city } = message?.['MessageAttributes'] as Record<string, Json>;
    assert.deepEqual([message?.['Body'], city?.['StringValue'], (message?.['Attributes'] as Json)['ApproximateReceiveCount']], ['하늘 & <sky>', '서울', '1']);
  });
  walk.step('sqs delete-message', async () => {
    const { aws } = scene();
    await aws.json(['sqs', 'delete-message', '--queue-url', url, '--receipt-handle', handle]);
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
    const { Attributes } = (await aws.json(['sqs', 'get-queue-attributes', '--queue-url', url, '--attribute-names', ...names])) as { Attributes: Json };
    assert.deepEqual(Attributes, { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' });
  });
}

function declareRefusals(walk: Walk, scene: () => Scene): void {
  const refused = async (args: readonly string[], pattern: RegExp): Promise<void> => {
    const { aws, generation } = scene();
    const result = await aws.run(args);
    assert.match(result.stderr, pattern);
    if (generation === 'v1') assert.notEqual(result.exitCode, 0);
    // "254: the command was parsed, a request was made, and the service answered an error" (AWS CLI 2 user guide, return codes).
    else assert.equal(result.exitCode, 254, result.stderr);
  };
  walk.step('error: no such queue', () => refused(['sqs', 'get-queue-url', '--queue-name', 'absent'], /NonExistentQueue\) when calling the GetQueueUrl operation: The specified queue does not exist/));
  walk.step('error: no such function', () =>
    refused(
      ['lambda', 'get-function', '--function-name', 'absent'],
      /\(ResourceNotFoundException\) when calling the GetFunction operation: Function not found: arn:aws:lambda:us-east-1:000000000000:function:absent/,
    ));
  walk.step('error: invalid parameter', () =>
    refused(
      ['lambda', 'update-function-configuration', '--function-name', 'walk-python', '--timeout', '901'],
      /\(ValidationException\).*Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900/s,
    ));
  walk.step('error: no such role', () =>
    refused(['iam', 'get-role', '--role-name', 'absent'], /\(NoSuchEntity\) when calling the GetRole operation.*The role with name absent cannot be found\./));
  walk.step('not implemented: dynamodb (json)', () => refused(['dynamodb', 'list-tables'], /An error occurred \(.+\) when calling the ListTables operation.*:.+/));
  walk.step('not implemented: an operation of iam (query)', () => refused(['iam', 'generate-organizations-access-report', '--entity-path', 'o-a1b2c3d4e5/r-f6g7'], /An error occurred \(.+\) when calling the GenerateOrganizationsAccessReport operation.*:.+/));
}

function declareEnd(walk: Walk, scene: () => Scene): void {
  walk.step('lambda delete-function', async () => {
    const { aws } = scene();
    for (const { name } of functions) await aws.json(['lambda', 'delete-function', '--function-name', name]);
    const { Functions } = (await aws.json(['lambda', 'list-functions'])) as { Functions: unknown[] };
    assert.deepEqual(Functions, []);
    const result = await aws.run(['lambda', 'invoke', '--function-name', 'walk-python', join(scene().folder, 'out.json')]);
    assert.match(result.stderr, /ResourceNotFoundException/);
  });
}
