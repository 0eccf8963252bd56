// Loops, with the clients that functions have: they hand on the trace header by themselves.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateEventSourceMappingCommand, DeleteEventSourceMappingCommand, GetFunctionRecursionConfigCommand, PutFunctionEventInvokeConfigCommand, PutFunctionRecursionConfigCommand } from '@aws-sdk/client-lambda';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { createExecutionRole, createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

async function createRole(...actions: readonly string[]): Promise<string> {
  const { aws } = scene();
  const role = await createExecutionRole(aws);
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] });
  await aws.iam.send(new PutRolePolicyCommand({ RoleName: role.split('/').at(-1), PolicyName: 'more', PolicyDocument }));
  return role;
}

async function createQueue(): Promise<{ readonly url: string; readonly arn: string }> {
  const name = uniqueName('loop');
  const { QueueUrl = '' } = await scene().aws.sqs.send(new CreateQueueCommand({ QueueName: name }));
  return { url: QueueUrl, arn: `arn:aws:sqs:us-east-1:000000000000:${name}` };
}

async function receive(url: string): Promise<string> {
  for (let tries = 0; tries < 5; tries += 1) {
    const { Messages: [message] = [] } = await scene().aws.sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 10 }));
    if (message !== undefined) return message.Body ?? '';
  }
  assert.fail('no message came');
}

const selfInvoking = {
  'index.mjs': `
import { LambdaClient, InvokeCommand } from '@aws-sdk/client-lambda';
const client = new LambdaClient({});
export const handler = async ({ n }, context) => {
  await client.send(new InvokeCommand({ FunctionName: context.functionName, InvocationType: 'Event', Payload: JSON.stringify({ n: n + 1 }) }));
  return n;
};
`,
};

const sendingOn = {
  'index.mjs': `
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
const client = new SQSClient({});
export const handler = async ({ Records }) => {
  for (const { body } of Records) await client.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: String(Number(body) + 1) }));
};
`,
};

suite('PutFunctionRecursionConfig', () => {
  test('a function that sends to its own queue is stopped after sixteen runs, and the message ends in the dead-letter queue', async () => {
    const { aws } = scene();
    const [queue, dead] = [await createQueue(), await createQueue()];
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
    await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { RedrivePolicy } }));
    const Role = await createRole('sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes');
    const FunctionName = await createFunction(aws.lambda, { Role, Timeout: 20, files: sendingOn, Environment: { Variables: { QUEUE: queue.url } } });
    const { UUID } = await aws.lambda.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: queue.arn }));
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: '1' }));
    assert.equal(await receive(dead.url), '17');
    await aws.lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
  });
  test('answers what it was told, and GetFunctionRecursionConfig the same', async () => {
    const { aws, roleArn } = scene();
    const FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => 1;' } });
    const read = async () => (await aws.lambda.send(new GetFunctionRecursionConfigCommand({ FunctionName }))).RecursiveLoop;
    assert.equal(await read(), 'Terminate');
    const { RecursiveLoop } = await aws.lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: 'Allow' }));
    assert.deepEqual([RecursiveLoop, await read()], ['Allow', 'Allow']);
    await assert.rejects(aws.lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: 'Never' as never })), { name: 'ValidationException' });
  });
  test('a function that invokes itself by the SDK of its runtime is stopped after sixteen runs, and its failure destination hears of it', async () => {
    const { aws } = scene();
    const queue = await createQueue();
    const name = await createFunction(aws.lambda, { Role: await createRole('sqs:SendMessage', 'lambda:InvokeFunction'), Timeout: 30, files: selfInvoking });
    await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, DestinationConfig: { OnFailure: { Destination: queue.arn } } }));
    await invoke(aws.lambda, name, { n: 1 }, { InvocationType: 'Event' });
    const record = JSON.parse(await receive(queue.url)) as { readonly requestPayload: unknown; readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number } };
    assert.deepEqual(record.requestPayload, { n: 17 });
    assert.equal(record.requestContext.approximateInvokeCount, 0);
  });
});
