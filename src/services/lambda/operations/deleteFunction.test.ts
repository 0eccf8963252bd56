import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { helloFunction, withLambda, zipOf } from '../testing/testLambda.ts';

test('DeleteFunction leaves nothing: no row, archive, folder or environment', async () => {
  await withLambda(async ({ call, lambda, sandbox, blobs, codeFolder }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    await call('Invoke', { FunctionName: 'hello:1', Payload: undefined });
    await call('DeleteFunction', { FunctionName: 'hello' });
    await assert.rejects(call('Invoke', { FunctionName: 'hello', Payload: undefined }), { code: 'ResourceNotFoundException' });
    await assert.rejects(call('GetFunction', { FunctionName: 'hello', Qualifier: '1' }), { code: 'ResourceNotFoundException' });
    assert.deepEqual((await call('GetAccountSettings', {})).AccountUsage, { TotalCodeSize: 0, FunctionCount: 0 });
    await lambda.close(0);
    assert.deepEqual([sandbox.alive(), blobs.bodies.size, await readdir(codeFolder)], [0, 0, []]);
  });
});

test('DeleteFunction keeps a package that another function uses', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    await call('CreateFunction', { ...helloFunction, FunctionName: 'twin' });
    await call('DeleteFunction', { FunctionName: 'hello' });
    assert.equal((await call('Invoke', { FunctionName: 'twin', Payload: undefined })).FunctionError, undefined);
  });
});

test('DeleteFunction frees the name', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    await call('DeleteFunction', { FunctionName: 'hello' });
    await call('CreateFunction', { ...helloFunction, Code: { ZipFile: zipOf({ 'index.mjs': '// second life' }) } });
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    const [first, second] = sandbox.started.map(({ spec }) => spec.codeFolder);
    assert.notEqual(first, second);
  });
});

test('DeleteFunction with a qualifier removes that version only, and the archive with its last user', async () => {
  await withLambda(async ({ call, blobs }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf({ 'index.mjs': '// other' }) });
    assert.equal(blobs.bodies.size, 2);
    await call('DeleteFunction', { FunctionName: 'hello', Qualifier: '1' });
    assert.equal(blobs.bodies.size, 1);
    assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: undefined })).FunctionError, undefined);
    // What does not exist is deleted already.
    for (const Qualifier of ['1', '0', '99999999999999999999']) await call('DeleteFunction', { FunctionName: 'hello', Qualifier });
  });
});

test('DeleteFunction refuses $LATEST alone and absent functions', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const message = '$LATEST version cannot be deleted without deleting the function.';
    await assert.rejects(call('DeleteFunction', { FunctionName: 'hello', Qualifier: '$LATEST' }), { code: 'InvalidParameterValueException', message });
    await assert.rejects(call('DeleteFunction', { FunctionName: 'absent' }), { code: 'ResourceNotFoundException' });
  });
});
