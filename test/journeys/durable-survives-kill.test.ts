// A durable execution outlives the server: it is killed while a step runs, and again while the execution waits. Each step that was
// acknowledged is not run again, and the execution ends with what its steps have made.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { AttachRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetDurableExecutionCommand, GetDurableExecutionHistoryCommand, InvokeCommand, SendDurableExecutionCallbackSuccessCommand } from '@aws-sdk/client-lambda';
import { buildSync } from 'esbuild';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { createExecutionRole, createFunction } from '../support/functions.ts';
import { sdkClients } from '../support/sdkClients.ts';
import { startServerProcess } from '../support/serverProcess.ts';

const workflow = `
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
// The server has another port after each restart.
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
const tell = (word) => sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: word }));
export const handler = withDurableExecution(async (event, context) => {
  const first = await context.step('first', async () => { await tell('first'); return 'one'; });
  const [answer, id] = await context.createCallback('answer', { timeout: { hours: 1 } });
  await context.step('tell', async () => { await tell(id); });
  const middle = await answer;
  // Runs until the server is killed in the middle of it, the first time.
  const last = await context.step('last', async ({ attempt }) => { await tell('last'); if (event.slow && attempt === 1) await new Promise((resolve) => setTimeout(resolve, 2_000)); return 'three'; });
  return [first, middle, last];
});
`;

test('a durable execution goes on where it was after kill -9', { timeout: 120_000 }, async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'haneul-durable-kill-'));
  let server = await startServerProcess({ dataFolder });
  let aws = sdkClients(server.endpoint);
  const restart = async (): Promise<void> => {
    await server.kill();
    aws.destroy();
    server = await startServerProcess({ dataFolder });
    aws = sdkClients(server.endpoint);
  };
  try {
    const { QueueUrl = '' } = await aws.sqs.send(new CreateQueueCommand({ QueueName: 'told' }));
    const told = async (): Promise<number> => Number((await aws.sqs.send(new GetQueueAttributesCommand({ QueueUrl: queue(), AttributeNames: ['ApproximateNumberOfMessages'] }))).Attributes?.ApproximateNumberOfMessages);
    const queue = (): string => `${server.endpoint}${new URL(QueueUrl).pathname}`;
    const Role = await createExecutionRole(aws);
    const RoleName = Role.split('/').at(-1);
    await aws.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy' }));
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }] });
    await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'tell', PolicyDocument }));
    const { outputFiles } = buildSync({ stdin: { contents: workflow, resolveDir: packageRoot, sourcefile: 'index.mjs' }, bundle: true, platform: 'node', target: 'node22', format: 'cjs', write: false, logLevel: 'silent' });
    const name = await createFunction(aws.lambda, {
      Role, Timeout: 30, MemorySize: 256, DurableConfig: { ExecutionTimeout: 3_600 }, Environment: { Variables: { QUEUE: QueueUrl } },
      files: { 'index.js': outputFiles[0]?.text ?? '' },
    });
    const { DurableExecutionArn = '' } = await aws.lambda.send(new InvokeCommand({ FunctionName: `${name}:$LATEST`, InvocationType: 'Event', Payload: '{"slow":true}' }));
    const history = async () => (await aws.lambda.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn, MaxItems: 1_000 }))).Events ?? [];
    const until = async (isTrue: () => Promise<boolean>): Promise<void> => {
      const endMs = performance.now() + 25_000;
      while (!(await isTrue())) assert.ok(performance.now() < endMs, JSON.stringify(await history()));
    };
    const has = async (type: string, step?: string): Promise<boolean> => (await history()).some(({ EventType, Name }) => EventType === type && (step === undefined || Name === step));

    await until(() => has('InvocationCompleted'));
    assert.ok(await has('CallbackStarted'), JSON.stringify(await history()));
    await restart();
    const CallbackId = (await history()).find(({ CallbackStartedDetails }) => CallbackStartedDetails !== undefined)?.CallbackStartedDetails?.CallbackId ?? '';
    await aws.lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from('two') }));
    // It tells before its checkpoint: three messages are there while its step runs.
    await until(async () => (await told()) === 3);
    await restart();
    await until(async () => (await has('ExecutionSucceeded')) || (await has('ExecutionFailed')));
    const { Status, Result } = await aws.lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
    assert.deepEqual([Status, Result], ['SUCCEEDED', '["one","two","three"]']);
    const steps = (await history()).filter(({ EventType }) => EventType === 'StepSucceeded').map(({ Name }) => Name);
    assert.deepEqual(steps, ['first', 'tell', 'last'], 'what was acknowledged is not run again');
    assert.equal(await told(), 4, 'only the step that was cut off has run twice');
  } finally {
    aws.destroy();
    await server.kill();
    rmSync(dataFolder, { recursive: true, force: true });
  }
});
