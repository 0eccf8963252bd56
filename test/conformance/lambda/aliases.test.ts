// CreateAlias, GetAlias, UpdateAlias, DeleteAlias, ListAliases, PublishVersion.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  ListAliasesCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { createFunction, invoke, waitUntilUpdated } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const source = (text: string) => ({ 'index.js': `exports.handler = async (_event, context) => ['${text}', context.functionVersion, context.invokedFunctionArn];` });

let name = '';
const scene = useServer({}, async ({ aws, roleArn }) => {
  name = await createFunction(aws.lambda, { Role: roleArn, files: source('one') });
  await aws.lambda.send(new PublishVersionCommand({ FunctionName: name }));
  await aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zipFiles(source('two')) }));
  await waitUntilUpdated(aws.lambda, name);
  await aws.lambda.send(new PublishVersionCommand({ FunctionName: name }));
});
const arn = (): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

suite('CreateAlias: constraints', () => {
  test('a name of digits only, and a weight above 1, are refused', async () => {
    const { lambda } = scene().aws;
    const create = (change: object): Promise<unknown> => lambda.send(new CreateAliasCommand({ FunctionName: name, Name: 'wrong', FunctionVersion: '1', ...change }));
    await expectRefusal(create({ Name: '12' }), { name: 'ValidationException', status: 400, message: /at 'name' failed to satisfy constraint/ });
    await expectRefusal(create({ RoutingConfig: { AdditionalVersionWeights: { '2': 1.5 } } }), { name: 'ValidationException', status: 400 });
  });
});

suite('Aliases', () => {
  test('an alias is created, read, moved, listed and deleted', async () => {
    const { lambda } = scene().aws;
    const alias = { FunctionName: name, Name: 'stage' };
    const created = await lambda.send(new CreateAliasCommand({ ...alias, FunctionVersion: '1', Description: 'before' }));
    assert.equal(created.$metadata.httpStatusCode, 201);
    assert.deepEqual([created.AliasArn, created.FunctionVersion], [`${arn()}:stage`, '1']);
    await expectRefusal(lambda.send(new CreateAliasCommand({ ...alias, FunctionVersion: '2' })), {
      name: 'ResourceConflictException',
      status: 409,
      message: `Alias already exists: ${arn()}:stage`,
    });
    const moved = await lambda.send(new UpdateAliasCommand({ ...alias, FunctionVersion: '2', RevisionId: created.RevisionId }));
    assert.deepEqual([moved.FunctionVersion, moved.Description], ['2', 'before']);
    await expectRefusal(lambda.send(new UpdateAliasCommand({ ...alias, RevisionId: created.RevisionId })), { name: 'PreconditionFailedException', status: 412 });
    const { $metadata, ...read } = await lambda.send(new GetAliasCommand(alias));
    assert.equal($metadata.httpStatusCode, 200);
    const { Aliases } = await lambda.send(new ListAliasesCommand({ FunctionName: name, FunctionVersion: '2' }));
    assert.deepEqual(Aliases, [read]);
    assert.equal((await lambda.send(new DeleteAliasCommand(alias))).$metadata.httpStatusCode, 204);
    await expectRefusal(lambda.send(new GetAliasCommand(alias)), { name: 'ResourceNotFoundException', status: 404, message: `Cannot find alias arn: ${arn()}:stage` });
  });
  test('an invocation runs the version behind the alias, which is told in the answer and to the function', async () => {
    const { lambda } = scene().aws;
    await lambda.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '1' }));
    const first = await invoke(lambda, name, {}, { Qualifier: 'live' });
    assert.deepEqual([first.executedVersion, first.payload], ['1', ['one', '1', `${arn()}:live`]]);
    await lambda.send(new UpdateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '2' }));
    const second = await invoke(lambda, `${arn()}:live`);
    assert.deepEqual([second.executedVersion, second.payload], ['2', ['two', '2', `${arn()}:live`]]);
    const version = await invoke(lambda, name, {}, { Qualifier: '1' });
    assert.deepEqual([version.executedVersion, version.payload], ['1', ['one', '1', `${arn()}:1`]]);
  });
  test('a weighted alias serves both versions, each by its part', async () => {
    const { lambda } = scene().aws;
    await lambda.send(new CreateAliasCommand({ FunctionName: name, Name: 'canary', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } }));
    const versions = new Set<string | undefined>();
    // Both come within 64 invocations, but for one time in 2^63.
    for (let count = 0; count < 64 && versions.size < 2; count += 1) versions.add((await invoke(lambda, name, {}, { Qualifier: 'canary' })).executedVersion);
    assert.deepEqual([...versions].sort(), ['1', '2']);
    await expectRefusal(lambda.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: '2' })), {
      name: 'ResourceConflictException',
      status: 409,
      message: /^Unable to delete version because the following aliases reference it: \[canary/,
    });
  });
});
