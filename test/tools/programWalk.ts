import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { createWalk, type Walk, type WalkProgram, type WalkStep } from '../support/clientWalk.ts';
import { basicExecutionPolicyArn } from '../support/functions.ts';
import type { Missing } from '../support/installOnce.ts';
import { runCommand } from '../support/runCommand.ts';
import { startTestServer, type TestServer } from '../support/testServer.ts';
import { zipFixture } from '../support/zipFolder.ts';

type Json = Record<string, unknown>;

interface Refusal {
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly status: number;
  readonly requestId: string | null;
}

type Outcome = { readonly ok: unknown } | { readonly error: Refusal } | { readonly crash: string };

const names = ['walk-python', 'walk-node', 'walk-shell'];

/** Declares the walk through another language's SDK: a program walks, this file judges what it saw. */
export function declareProgramWalk(client: string, program: WalkProgram | Missing): void {
  const walk = createWalk(client, 'missing' in program ? program.missing : undefined);
  let server: TestServer | undefined;
  let outcomes: Readonly<Partial<Record<WalkStep, Outcome>>> = {};
  before(async () => {
    if ('missing' in program) return;
    server = await startTestServer();
    outcomes = await runWalk(program, server.endpoint);
  });
  after(async () => server?.stop());
  const answered = (name: WalkStep): unknown => {
    const outcome = outcomes[name];
    assert.ok(outcome, 'the walk did not get here');
    assert.ok('ok' in outcome, JSON.stringify(outcome));
    return outcome.ok;
  };
  const refused = (name: WalkStep): Refusal => {
    const outcome = outcomes[name];
    assert.ok(outcome && 'error' in outcome, JSON.stringify(outcome));
    assert.match(outcome.error.requestId ?? '', /^[0-9a-f-]{36}$/);
    return outcome.error;
  };
  declareIdentity(walk, answered);
  declareFunctions(walk, answered);
  declareQueues(walk, answered);
  declareRefusals(walk, refused);
  walk.step('lambda delete-function', async () => assert.deepEqual(answered('lambda delete-function'), []));
}

async function runWalk({ command, args }: WalkProgram, endpoint: string): Promise<Readonly<Partial<Record<WalkStep, Outcome>>>> {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-walk-'));
  try {
    const zips = [zipFixture('python', 'walk-hello'), zipFixture('node', 'walk-hello'), zipFixture('custom', 'walk-shell'), zipFixture('node', 'walk-changed')];
    const paths = zips.map((zip, index) => {
      const path = join(folder, `${index}.zip`);
      writeFileSync(path, zip);
      return path;
    });
    const { exitCode, stdout, stderr } = await runCommand(command, [...args, endpoint, ...paths], { timeoutMs: 170_000 });
    assert.equal(exitCode, 0, stderr);
    return (JSON.parse(stdout) as { results: Record<WalkStep, Outcome> }).results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function declareIdentity(walk: Walk, answered: (name: WalkStep) => unknown): void {
  const step = (name: WalkStep, judge: (result: Json) => void): void => walk.step(name, async () => judge(answered(name) as Json));
  step('sts get-caller-identity', (identity) => assert.deepEqual([identity['Account'], identity['Arn']], ['000000000000', 'arn:aws:iam::000000000000:root']));
  step('iam create-role', (role) => {
    assert.equal(role['Arn'], 'arn:aws:iam::000000000000:role/walk-role');
    assert.equal((role['AssumeRolePolicyDocument'] as Json)['Version'], '2012-10-17', 'decoded by the SDK or the walk');
  });
  step('iam get-role', (role) => assert.match(String(role['RoleId']), /^AROA[A-Z0-9]{17}$/));
  step('iam attach-role-policy', (policies) =>
    assert.deepEqual(policies, [{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: basicExecutionPolicyArn }]));
  step('sts assume-role', ({ arn, refusal }) => {
    assert.equal(arn, 'arn:aws:sts::000000000000:assumed-role/walk-people/walker');
    const { code, status, message } = refusal as Refusal;
    assert.deepEqual([code, status], ['AccessDeniedException', 403]);
    assert.match(message, /^User: arn:aws:sts::000000000000:assumed-role\/walk-people\/walker is not authorized to perform: lambda:ListFunctions/);
  });
}

function declareFunctions(walk: Walk, answered: (name: WalkStep) => unknown): void {
  const step = (name: WalkStep, judge: (result: Json) => void): void => walk.step(name, async () => judge(answered(name) as Json));
  for (const name of ['lambda create-function (python3.12)', 'lambda create-function (nodejs22.x)', 'lambda create-function (provided.al2023)'] as const) {
    step(name, (made) => assert.deepEqual([made['MemorySize'], made['Timeout'], made['Version'], made['PackageType']], [128, 3, '$LATEST', 'Zip']));
  }
  walk.step('lambda wait function-active-v2', async () => void answered('lambda wait function-active-v2'));
  const invocations = (result: Json, judge: (answer: Json, payload: Json, name: string) => void): void => {
    for (const name of names) judge(result[name] as Json, (result[name] as { payload: Json }).payload, name);
  };
  step('lambda invoke', (result) =>
    invocations(result, (answer, payload, name) => {
      assert.deepEqual([answer['StatusCode'], answer['FunctionError'], answer['ExecutedVersion']], [200, null, '$LATEST'], JSON.stringify(payload));
      assert.deepEqual([payload['event'], payload['functionName'], payload['memory']], [{ from: name }, name, 128]);
    }));
  step('lambda invoke --log-type Tail', (result) =>
    invocations(result, (answer, payload) => {
      const tail = Buffer.from(String(answer['LogResult']), 'base64').toString('utf8');
      const id = String(payload['requestId']);
      assert.match(tail, new RegExp(`START RequestId: ${id} Version: \\$LATEST\n[^]*END RequestId: ${id}\nREPORT RequestId: ${id}\t`));
    }));
  const errorTypes: Readonly<Record<string, string>> = { 'walk-python': 'ValueError', 'walk-node': 'TypeError', 'walk-shell': 'Shell.Asked' };
  step('lambda invoke, function error', (result) =>
    invocations(result, (answer, payload, name) => {
      assert.deepEqual([answer['StatusCode'], answer['FunctionError']], [200, 'Unhandled']);
      assert.deepEqual([payload['errorMessage'], payload['errorType']], ['asked to fail', errorTypes[name]]);
    }));
  step('lambda get-function', ({ Configuration }) => assert.equal((Configuration as Json)['State'], 'Active'));
  step('lambda list-functions', (list) => assert.deepEqual(list, names.toSorted()));
  step('lambda update-function-configuration', (result) => {
    for (const name of names) assert.deepEqual([(result[name] as Json)['greeting'], (result[name] as Json)['memory']], ['hello', 256]);
  });
  step('lambda update-function-code', (payload) => assert.deepEqual(payload, { changed: true }));
  step('logs describe-log-groups', (groups) => assert.deepEqual(groups, names.map((name) => `/aws/lambda/${name}`).toSorted()));
  step('logs filter-log-events', (messages) => {
    assert.ok(Array.isArray(messages) && messages.length >= 4, JSON.stringify(messages));
    for (const message of messages) assert.match(String(message), /^walk-hello got \{/);
  });
  walk.absent('logs tail');
  walk.absent('logs tail --follow');
}

function declareQueues(walk: Walk, answered: (name: WalkStep) => unknown): void {
  walk.step('sqs create-queue', async () => assert.match(String(answered('sqs create-queue')), /^http:\/\/[^/]+\/000000000000\/walk-queue$/));
  walk.step('sqs send-message', async () => assert.equal(answered('sqs send-message'), createHash('md5').update('하늘 & <sky>').digest('hex')));
  walk.step('sqs receive-message', async () => assert.deepEqual(answered('sqs receive-message'), ['하늘 & <sky>', '서울', '1']));
  walk.step('sqs delete-message', async () => assert.deepEqual(answered('sqs delete-message'), ['0', '0']));
}

function declareRefusals(walk: Walk, refused: (name: WalkStep) => Refusal): void {
  const step = (name: WalkStep, judge: (refusal: Refusal) => void): void => walk.step(name, async () => judge(refused(name)));
  step('error: no such queue', (refusal) => {
    assert.deepEqual([refusal.code, refusal.status], ['AWS.SimpleQueueService.NonExistentQueue', 400]);
    assert.match(refusal.message, /^The specified queue does not exist/);
  });
  step('error: no such function', (refusal) => {
    assert.deepEqual([refusal.class, refusal.code, refusal.status], ['ResourceNotFoundException', 'ResourceNotFoundException', 404]);
    assert.equal(refusal.message, 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:absent');
  });
  step('error: invalid parameter', (refusal) => assert.deepEqual([refusal.code, refusal.status], ['ValidationException', 400]));
  step('error: no such role', (refusal) => {
    // SDKs name the class after the shape, the service answers the code of the query protocol.
    assert.deepEqual([refusal.class, refusal.code, refusal.status], ['NoSuchEntityException', 'NoSuchEntity', 404]);
    assert.equal(refusal.message, 'The role with name absent cannot be found.');
  });
  step('not implemented: dynamodb (json)', (refusal) => assert.match(refusal.message, /ListTables/));
  step('not implemented: an operation of iam (query)', (refusal) => assert.match(refusal.message, /GenerateOrganizationsAccessReport/));
}
