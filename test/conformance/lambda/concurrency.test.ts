// Provisioned concurrency, and what an invocation is told that finds no room.
// https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html and lambda-concurrency.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CreateAliasCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetProvisionedConcurrencyConfigCommand,
  ListProvisionedConcurrencyConfigsCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
} from '@aws-sdk/client-lambda';
import { createFunction, invoke } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

const code = `const started = Date.now();
exports.handler = async (event) => ({ type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE, startedBefore: started < event.sentMs });`;

async function makeAlias(): Promise<string> {
  const { aws, roleArn } = scene();
  const FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': code } });
  await aws.lambda.send(new PublishVersionCommand({ FunctionName }));
  await aws.lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
  return FunctionName;
}

suite('Provisioned concurrency', () => {
  test('environments are initialised before the first invocation of the alias, told by their status, and ended', async () => {
    const { lambda } = scene().aws;
    const FunctionName = await makeAlias();
    const named = { FunctionName, Qualifier: 'live' };
    await expectRefusal(lambda.send(new GetProvisionedConcurrencyConfigCommand(named)), { name: 'ProvisionedConcurrencyConfigNotFoundException', status: 404 });
    const asked = await lambda.send(new PutProvisionedConcurrencyConfigCommand({ ...named, ProvisionedConcurrentExecutions: 1 }));
    assert.deepEqual([asked.$metadata.httpStatusCode, asked.Status, asked.RequestedProvisionedConcurrentExecutions], [202, 'IN_PROGRESS', 1]);
    for (let status = asked.Status; status !== 'READY'; ) {
      assert.notEqual(status, 'FAILED');
      status = (await lambda.send(new GetProvisionedConcurrencyConfigCommand(named))).Status;
    }
    const { payload, logTail } = await invoke(lambda, FunctionName, { sentMs: Date.now() }, { Qualifier: 'live', LogType: 'Tail' });
    assert.deepEqual(payload, { type: 'provisioned-concurrency', startedBefore: true });
    assert.match(logTail, /Init Duration: /);
    assert.deepEqual((await invoke(lambda, FunctionName, { sentMs: 0 })).payload, { type: 'on-demand', startedBefore: false });
    const { ProvisionedConcurrencyConfigs: [config] = [] } = await lambda.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName }));
    assert.deepEqual([config?.FunctionArn?.split(':').slice(-2), config?.Status, config?.AvailableProvisionedConcurrentExecutions], [[FunctionName, 'live'], 'READY', 1]);
    assert.equal((await lambda.send(new DeleteProvisionedConcurrencyConfigCommand(named))).$metadata.httpStatusCode, 204);
    assert.deepEqual((await lambda.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName }))).ProvisionedConcurrencyConfigs, []);
  });

  test('it is refused for $LATEST, and beyond what the function has reserved', async () => {
    const { lambda } = scene().aws;
    const FunctionName = await makeAlias();
    await expectRefusal(lambda.send(new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: '$LATEST', ProvisionedConcurrentExecutions: 1 })), {
      name: 'InvalidParameterValueException',
      status: 400,
      message: /cannot be applied to unpublished function versions/,
    });
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 1 }));
    await expectRefusal(lambda.send(new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: '1', ProvisionedConcurrentExecutions: 2 })), {
      name: 'InvalidParameterValueException',
      status: 400,
      message: /should not be greater than the reservedConcurrentExecution/,
    });
  });
});

test('an invocation that finds no room is told why, and when to come again', async () => {
  const { lambda } = scene().aws;
  const FunctionName = await makeAlias();
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
  const error = (await expectRefusal(invoke(lambda, FunctionName), { name: 'TooManyRequestsException', status: 429 })) as { Reason?: string; retryAfterSeconds?: string };
  assert.deepEqual([error.Reason, error.retryAfterSeconds], ['ReservedFunctionConcurrentInvocationLimitExceeded', '1']);
});
