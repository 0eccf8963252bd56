// GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionCode, UpdateFunctionConfiguration, DeleteFunction.
// https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import {
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  ListFunctionsCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { createFunction, invoke, uniqueName, waitUntilUpdated } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const scene = useServer();
const files = { 'index.js': 'exports.handler = async () => process.env.MODE ?? "none";' };
const make = (): Promise<string> => createFunction(scene().aws.lambda, { Role: scene().roleArn, files, Environment: { Variables: { MODE: '1' } } });
const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const notFound = (name: string) => ({ name: 'ResourceNotFoundException', status: 404, message: `Function not found: ${arnOf(name)}` });

suite('GetFunction', () => {
  test('answers configuration, package and tags', async () => {
    const { aws, roleArn } = scene();
    const zip = zipFiles(files);
    const name = await createFunction(aws.lambda, { Role: roleArn, zip, Tags: { team: 'one' } });
    const { Configuration, Code, Tags } = await aws.lambda.send(new GetFunctionCommand({ FunctionName: name }));
    assert.deepEqual([Configuration?.FunctionName, Configuration?.State, Configuration?.LastUpdateStatus], [name, 'Active', 'Successful']);
    assert.deepEqual(Tags, { team: 'one' });
    const download = Buffer.from(await (await fetch(Code?.Location ?? '')).arrayBuffer());
    assert.equal(createHash('sha256').update(download).digest('base64'), Configuration?.CodeSha256);
  });
  test('takes name, partial ARN and ARN, and $LATEST as qualifier', async () => {
    const { aws } = scene();
    const name = await make();
    for (const FunctionName of [name, `000000000000:function:${name}`, arnOf(name)]) {
      const { Configuration } = await aws.lambda.send(new GetFunctionCommand({ FunctionName }));
      assert.equal(Configuration?.FunctionArn, arnOf(name));
    }
    const { Configuration } = await aws.lambda.send(new GetFunctionCommand({ FunctionName: name, Qualifier: '$LATEST' }));
    assert.equal(Configuration?.FunctionArn, `${arnOf(name)}:$LATEST`);
  });
  test('a function or version that does not exist is not found', async () => {
    const { aws } = scene();
    const name = await make();
    await expectRefusal(aws.lambda.send(new GetFunctionCommand({ FunctionName: 'absent' })), notFound('absent'));
    await expectRefusal(aws.lambda.send(new GetFunctionCommand({ FunctionName: name, Qualifier: '3' })), { ...notFound(name), message: `Function not found: ${arnOf(name)}:3` });
  });
  test('GetFunctionConfiguration answers the same configuration', async () => {
    const { aws } = scene();
    const name = await make();
    const { Configuration } = await aws.lambda.send(new GetFunctionCommand({ FunctionName: name }));
    const { $metadata, ...alone } = await aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    assert.equal($metadata.httpStatusCode, 200);
    assert.deepEqual(alone, Configuration);
  });
});

suite('ListFunctions', () => {
  test('pages by MaxItems and Marker, each function once', async () => {
    const { server, roleArn } = scene();
    // An account of its own, so that other tests' functions do not count.
    const other = sdkClients(server.endpoint, { accessKeyId: '222233334444', secretAccessKey: 'test' });
    const names = await Promise.all(Array.from({ length: 5 }, () => createFunction(other.lambda, { Role: roleArn.replace('000000000000', '222233334444'), files })));
    const seen: string[] = [];
    let Marker: string | undefined;
    let pages = 0;
    do {
      const page = await other.lambda.send(new ListFunctionsCommand({ MaxItems: 2, Marker }));
      assert.ok((page.Functions?.length ?? 0) <= 2);
      for (const item of page.Functions ?? []) seen.push(item.FunctionName ?? '');
      Marker = page.NextMarker;
      pages += 1;
    } while (Marker !== undefined && pages < 10);
    assert.deepEqual(seen.sort(), names.sort());
    other.destroy();
  });
  test('a marker that was never given is refused', async () => {
    await expectRefusal(scene().aws.lambda.send(new ListFunctionsCommand({ Marker: 'not a marker' })), { name: 'InvalidParameterValueException', status: 400 });
  });
  test('MaxItems beyond 10000 is refused', async () => {
    await expectRefusal(scene().aws.lambda.send(new ListFunctionsCommand({ MaxItems: 10_001 })), { name: 'ValidationException', status: 400, message: /'maxItems'/ });
  });
});

suite('UpdateFunctionConfiguration', () => {
  test('changes what it names and keeps the rest', async () => {
    const { aws } = scene();
    const name = await make();
    const before = await aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    const updated = await aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, MemorySize: 320, Timeout: 9 }));
    assert.deepEqual([updated.MemorySize, updated.Timeout, updated.Environment], [320, 9, { Variables: { MODE: '1' } }]);
    assert.notEqual(updated.RevisionId, before.RevisionId);
    await waitUntilUpdated(aws.lambda, name);
    await aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { MODE: '2' } } }));
    await waitUntilUpdated(aws.lambda, name);
    assert.equal((await invoke(aws.lambda, name)).payload, '2');
  });
  test('an empty environment removes all variables', async () => {
    const { aws } = scene();
    const name = await make();
    await aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: {} } }));
    await waitUntilUpdated(aws.lambda, name);
    assert.equal((await invoke(aws.lambda, name)).payload, 'none');
  });
  test('a stale revision is refused', async () => {
    const { aws } = scene();
    const name = await make();
    const stale = '00000000-0000-4000-8000-000000000000';
    await expectRefusal(aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, RevisionId: stale, Timeout: 5 })), { name: 'PreconditionFailedException', status: 412, message: /Revision Id/i });
  });
  test('limits hold as at creation', async () => {
    const { aws } = scene();
    const name = await make();
    await expectRefusal(aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, MemorySize: 64 })), { name: 'ValidationException', status: 400, message: /'memorySize'/ });
    await expectRefusal(aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { AWS_REGION: 'x' } } })), { name: 'InvalidParameterValueException', status: 400, message: /reserved keys/ });
  });
  test('a function that does not exist is not found', async () => {
    await expectRefusal(scene().aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'absent', Timeout: 5 })), notFound('absent'));
  });
});

suite('UpdateFunctionCode', () => {
  const changed = zipFiles({ 'index.js': 'exports.handler = async () => "changed";' });
  test('replaces the package', async () => {
    const { aws } = scene();
    const name = await make();
    const updated = await aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: changed }));
    assert.deepEqual([updated.CodeSha256, updated.CodeSize], [createHash('sha256').update(changed).digest('base64'), changed.length]);
    await waitUntilUpdated(aws.lambda, name);
    assert.equal((await invoke(aws.lambda, name)).payload, 'changed');
  });
  test('DryRun checks and changes nothing', async () => {
    const { aws } = scene();
    const name = await make();
    const before = await aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    await aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: changed, DryRun: true }));
    const after = await aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    assert.deepEqual([after.CodeSha256, after.RevisionId], [before.CodeSha256, before.RevisionId]);
  });
  test('a package that cannot be read leaves the function as it was', async () => {
    const { aws } = scene();
    const name = await make();
    await expectRefusal(aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: Buffer.from('no zip') })), {
      name: 'InvalidParameterValueException',
      status: 400,
      message: 'Could not unzip uploaded file. Please check your file, then try to upload again.',
    });
    assert.equal((await invoke(aws.lambda, name)).payload, '1');
  });
  test('a function that does not exist is not found', async () => {
    await expectRefusal(scene().aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'absent', ZipFile: changed })), notFound('absent'));
  });
});

suite('DeleteFunction', () => {
  test('removes the function, and its name is free again', async () => {
    const { aws, roleArn } = scene();
    const FunctionName = uniqueName('again');
    await createFunction(aws.lambda, { FunctionName, Role: roleArn, files });
    await invoke(aws.lambda, FunctionName);
    const { $metadata } = await aws.lambda.send(new DeleteFunctionCommand({ FunctionName }));
    assert.equal($metadata.httpStatusCode, 204);
    await expectRefusal(invoke(aws.lambda, FunctionName), notFound(FunctionName));
    await createFunction(aws.lambda, { FunctionName, Role: roleArn, files: { 'index.js': 'exports.handler = async () => "second life";' } });
    assert.equal((await invoke(aws.lambda, FunctionName)).payload, 'second life');
  });
  test('a function that does not exist is not found', async () => {
    await expectRefusal(scene().aws.lambda.send(new DeleteFunctionCommand({ FunctionName: 'absent' })), notFound('absent'));
  });
  test('$LATEST alone cannot be deleted', async () => {
    const { aws } = scene();
    const FunctionName = await make();
    await expectRefusal(aws.lambda.send(new DeleteFunctionCommand({ FunctionName, Qualifier: '$LATEST' })), {
      name: 'InvalidParameterValueException',
      status: 400,
      message: '$LATEST version cannot be deleted without deleting the function.',
    });
  });
});

suite('functions: authorisation', () => {
  test('each operation asks for its own action on the function', async () => {
    const name = await make();
    const user = await createLimitedUser(scene(), []);
    const { lambda } = user.clients;
    const calls: readonly [string, Promise<unknown>][] = [
      ['GetFunction', lambda.send(new GetFunctionCommand({ FunctionName: name }))],
      ['GetFunctionConfiguration', lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }))],
      ['UpdateFunctionConfiguration', lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: 5 }))],
      ['UpdateFunctionCode', lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zipFiles(files) }))],
      ['DeleteFunction', lambda.send(new DeleteFunctionCommand({ FunctionName: name }))],
    ];
    await Promise.all(
      calls.map(([action, call]) =>
        expectRefusal(call, {
          name: 'AccessDeniedException',
          status: 403,
          message: `User: ${user.arn} is not authorized to perform: lambda:${action} on resource: ${arnOf(name)} because no identity-based policy allows the lambda:${action} action`,
        }),
      ),
    );
    user.clients.destroy();
  });
  test('an explicit deny wins', async () => {
    const name = await make();
    const user = await createLimitedUser(scene(), [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'lambda:Delete*', Resource: '*' },
    ]);
    assert.ok(await user.clients.lambda.send(new GetFunctionCommand({ FunctionName: name })));
    await expectRefusal(user.clients.lambda.send(new DeleteFunctionCommand({ FunctionName: name })), { name: 'AccessDeniedException', status: 403, message: /with an explicit deny in an identity-based policy/ });
    user.clients.destroy();
  });
});
