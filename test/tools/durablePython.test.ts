// Durable functions in Python with their official client, unchanged and from the registry.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AttachRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetDurableExecutionCommand, GetDurableExecutionHistoryCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { createExecutionRole, createFunction } from '../support/functions.ts';
import { installOnce, installStep } from '../support/installOnce.ts';
import { useServer } from '../support/useServer.ts';

const handler = `
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration


@durable_execution
def handler(event, context: DurableContext):
    first = context.step(lambda _: event["n"] + 1, name="first")
    context.wait(Duration.from_seconds(60), name="pause")
    many = context.map([1, 2, 3], lambda child, item, index, items: child.step(lambda _: item * first), name="many")
    return many.get_results()
`;

const packed = await installOnce('durable-python-3.0.0', async (folder) => {
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--target', join(folder, 'package')];
  await installStep('python3', [...pip, 'aws-durable-execution-sdk-python==3.0.0'], folder);
  await installStep('bash', ['-c', 'cd package && python3 -m zipfile -c ../package.zip *'], folder);
});
const skip = typeof packed === 'string' ? false : packed.missing;
const scene = useServer();

test('the official Python client runs a step, a wait and a map in one execution', { skip, timeout: 120_000 }, async () => {
  assert.ok(typeof packed === 'string');
  const { aws, server } = scene();
  const Role = await createExecutionRole(aws);
  await aws.iam.send(new AttachRolePolicyCommand({ RoleName: Role.split('/').at(-1), PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy' }));
  const { unzipSync } = await import('fflate');
  const { zipFiles } = await import('../support/zipFolder.ts');
  const zip = zipFiles({ ...unzipSync(readFileSync(join(packed, 'package.zip'))), 'app.py': handler });
  const name = await createFunction(aws.lambda, { Role, Runtime: 'python3.13', Handler: 'app.handler', Timeout: 60, MemorySize: 512, zip, DurableConfig: { ExecutionTimeout: 3_600 } });
  const { DurableExecutionArn = '' } = await aws.lambda.send(new InvokeCommand({ FunctionName: `${name}:$LATEST`, InvocationType: 'Event', Payload: '{"n":1}' }));
  const typesOf = async (): Promise<(string | undefined)[]> =>
    ((await aws.lambda.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn, MaxItems: 1_000 }))).Events ?? []).map(({ EventType }) => EventType);
  while (!(await typesOf()).includes('InvocationCompleted'));
  assert.ok((await typesOf()).includes('WaitStarted'));
  await server.clock.advance(61_000);
  while (!(await typesOf()).some((type) => /^Execution(Succeeded|Failed)$/.test(type ?? '')));
  const { Status, Result, Error: failure } = await aws.lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
  assert.deepEqual([Status, failure, Result], ['SUCCEEDED', undefined, '[2, 4, 6]']);
});
