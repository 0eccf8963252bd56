// PublishVersion, ListVersionsByFunction, tags, reserved concurrency and account settings.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  DeleteFunctionConcurrencyCommand,
  GetAccountSettingsCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetRuntimeManagementConfigCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { createFunction, invoke, waitUntilUpdated } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const make = (): Promise<string> => createFunction(scene().aws.lambda, { Role: scene().roleArn, files: { 'index.js': 'exports.handler = async () => process.env.MODE ?? "none";' } });
const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

suite('Versions', () => {
  test('a version keeps what it was published with, and the same twice is one version', async () => {
    const { lambda } = scene().aws;
    const FunctionName = await make();
    const first = await lambda.send(new PublishVersionCommand({ FunctionName, Description: 'first' }));
    assert.deepEqual([first.$metadata.httpStatusCode, first.Version, first.FunctionArn, first.Description], [201, '1', `${arnOf(FunctionName)}:1`, 'first']);
    assert.equal((await lambda.send(new PublishVersionCommand({ FunctionName, Description: 'first' }))).Version, '1');
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { MODE: 'two' } } }));
    await waitUntilUpdated(lambda, FunctionName);
    const { RevisionId } = await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 9 }));
    await expectRefusal(lambda.send(new PublishVersionCommand({ FunctionName, RevisionId: first.RevisionId })), { name: 'PreconditionFailedException', status: 412 });
    await expectRefusal(lambda.send(new PublishVersionCommand({ FunctionName, CodeSha256: 'b3RoZXI=' })), { name: 'InvalidParameterValueException', status: 400, message: /is different from current CodeSHA256/ });
    assert.equal((await lambda.send(new PublishVersionCommand({ FunctionName, RevisionId }))).Version, '2');
    assert.deepEqual([(await invoke(lambda, FunctionName, {}, { Qualifier: '1' })).payload, (await invoke(lambda, FunctionName, {}, { Qualifier: '2' })).payload], ['none', 'two']);
    const { Versions = [] } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
    assert.deepEqual(Versions.map(({ Version, FunctionArn }) => [Version, FunctionArn]), ['$LATEST', '1', '2'].map((version) => [version, `${arnOf(FunctionName)}:${version}`]));
  });
});

suite('Tags', () => {
  test('tags are added, replaced, listed and removed', async () => {
    const { lambda } = scene().aws;
    const Resource = arnOf(await make());
    assert.equal((await lambda.send(new TagResourceCommand({ Resource, Tags: { team: 'one', stage: 'test' } }))).$metadata.httpStatusCode, 204);
    await lambda.send(new TagResourceCommand({ Resource, Tags: { team: 'two' } }));
    await lambda.send(new UntagResourceCommand({ Resource, TagKeys: ['stage'] }));
    assert.deepEqual((await lambda.send(new ListTagsCommand({ Resource }))).Tags, { team: 'two' });
    await expectRefusal(lambda.send(new ListTagsCommand({ Resource: arnOf('absent') })), { name: 'ResourceNotFoundException', status: 404 });
  });
});

suite('Reserved concurrency', () => {
  test('it is kept, shown, counted against the account, and removed', async () => {
    const { lambda } = scene().aws;
    const FunctionName = await make();
    const free = async (): Promise<number | undefined> => (await lambda.send(new GetAccountSettingsCommand({}))).AccountLimit?.UnreservedConcurrentExecutions;
    const before = (await free()) ?? 0;
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 7 }));
    assert.equal((await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }))).ReservedConcurrentExecutions, 7);
    assert.equal((await lambda.send(new GetFunctionCommand({ FunctionName }))).Concurrency?.ReservedConcurrentExecutions, 7);
    assert.equal(await free(), before - 7);
    await expectRefusal(lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 901 })), {
      name: 'InvalidParameterValueException',
      status: 400,
      message: /UnreservedConcurrentExecution below its minimum value of \[100\]/,
    });
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    assert.equal((await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }))).ReservedConcurrentExecutions, undefined);
    assert.equal(await free(), before);
  });
  test('none at all throttles every invocation', async () => {
    const { lambda } = scene().aws;
    const FunctionName = await make();
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
    const error = await expectRefusal(invoke(lambda, FunctionName), { name: 'TooManyRequestsException', status: 429 });
    assert.equal(error.message, 'Rate Exceeded.');
  });
});

test('what cannot be set yet is told to be at its default', async () => {
  const { lambda } = scene().aws;
  const FunctionName = await make();
  const { $metadata, ...signing } = await lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }));
  assert.deepEqual([$metadata.httpStatusCode, signing], [200, {}]);
  assert.equal((await lambda.send(new GetRuntimeManagementConfigCommand({ FunctionName }))).UpdateRuntimeOn, 'Auto');
});
