import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { helloFunction, withLambda, zipOf } from '../testing/testLambda.ts';

const changed = zipOf({ 'index.mjs': 'export const handler = () => "changed";' });

test('UpdateFunctionCode replaces package and archive, and running environments', async () => {
  await withLambda(async ({ call, lambda, sandbox, blobs, codeFolder }) => {
    const created = await call('CreateFunction', helloFunction);
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    const updated = await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: changed });
    assert.notEqual(updated.CodeSha256, created.CodeSha256);
    assert.notEqual(updated.RevisionId, created.RevisionId);
    assert.deepEqual([updated.State, updated.LastUpdateStatus], ['Active', 'InProgress']);
    assert.equal((await call('GetFunction', { FunctionName: 'hello' })).Configuration?.LastUpdateStatus, 'Successful');
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    const folder = Buffer.from(updated.CodeSha256 ?? '', 'base64').toString('hex');
    assert.match(sandbox.started.at(-1)?.spec.codeFolder ?? '', new RegExp(`/${folder}$`));
    assert.equal(sandbox.alive(), 1);
    await lambda.close(0);
    assert.deepEqual(await readdir(codeFolder), [folder]);
    assert.deepEqual([...blobs.bodies.values()], [changed]);
  });
});

test('UpdateFunctionCode lets a running request end in the old code', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    let finish = (): void => undefined;
    const entered = new Promise<void>((resolve) => {
      sandbox.behaviour.invoke = (request) =>
        new Promise((done) => {
          finish = () => done({ kind: 'response', payload: request.event });
          resolve();
        });
    });
    const running = call('Invoke', { FunctionName: 'hello', Payload: Buffer.from('1') });
    await entered;
    await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: changed });
    assert.equal(sandbox.alive(), 1);
    finish();
    assert.equal(Buffer.from((await running).Payload ?? []).toString(), '1');
    assert.equal(sandbox.alive(), 0);
  });
});

test('UpdateFunctionCode with DryRun describes the update, checks the package and changes nothing', async () => {
  await withLambda(async ({ call, blobs }) => {
    await call('CreateFunction', helloFunction);
    const before = await call('GetFunctionConfiguration', { FunctionName: 'hello' });
    const dry = await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: changed, DryRun: true });
    assert.equal(dry.CodeSize, changed.length);
    await assert.rejects(call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: Buffer.from('no'), DryRun: true }), /Could not unzip/);
    assert.deepEqual(await call('GetFunctionConfiguration', { FunctionName: 'hello' }), before);
    assert.equal(blobs.bodies.size, 1);
  });
});

test('UpdateFunctionCode refuses another revision, versions and missing code', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    await assert.rejects(call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: changed, RevisionId: 'other' }), { code: 'PreconditionFailedException', status: 412 });
    await assert.rejects(call('UpdateFunctionCode', { FunctionName: 'hello:1', ZipFile: changed }), /Aliases and versions do not support this operation/);
    await assert.rejects(call('UpdateFunctionCode', { FunctionName: 'hello' }), /Please provide a source for function code\./);
    await assert.rejects(call('UpdateFunctionCode', { FunctionName: 'hello', S3Bucket: 'b', S3Key: 'k' }), /does not implement the setting Code.S3Bucket/);
    await assert.rejects(call('UpdateFunctionCode', { FunctionName: 'absent', ZipFile: changed }), { code: 'ResourceNotFoundException' });
  });
});

test('UpdateFunctionCode with Publish answers the new version', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    const updated = await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: changed, Publish: true });
    assert.equal(updated.Version, '2');
    assert.match(updated.FunctionArn ?? '', /:hello:2$/);
  });
});
