import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, helloFunction, withLambda, zipOf } from '../testing/testLambda.ts';

const arn = `arn:aws:lambda:us-east-1:${account}:function:hello`;

test('PublishVersion copies $LATEST under the next number, and later changes do not touch it', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', { ...helloFunction, Environment: { Variables: { STAGE: 'one' } } });
    const first = await call('PublishVersion', { FunctionName: 'hello', Description: 'first' });
    assert.deepEqual([first.Version, first.FunctionArn, first.Description, first.State], ['1', `${arn}:1`, 'first', 'Active']);
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Environment: { Variables: { STAGE: 'two' } } });
    await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf({ 'index.mjs': '// two' }) });
    assert.equal((await call('PublishVersion', { FunctionName: 'hello' })).Version, '2');
    const answer = await call('Invoke', { FunctionName: 'hello', Qualifier: '1', Payload: undefined });
    assert.equal(answer.ExecutedVersion, '1');
    const { spec } = sandbox.started.at(-1) ?? {};
    assert.deepEqual([spec?.variables.STAGE, spec?.variables.AWS_LAMBDA_FUNCTION_VERSION], ['one', '1']);
    assert.match(spec?.variables.AWS_LAMBDA_LOG_STREAM_NAME ?? '', /\/\[1\][0-9a-f]{32}$/);
  });
});

test('PublishVersion answers the newest version when nothing has changed since', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Environment: { Variables: { A: '1' } } });
    const first = await call('PublishVersion', { FunctionName: 'hello' });
    assert.deepEqual(await call('PublishVersion', { FunctionName: 'hello' }), first);
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Environment: { Variables: { A: '2' } } });
    assert.equal((await call('PublishVersion', { FunctionName: 'hello' })).Version, '2');
  });
});

test('PublishVersion never uses a number twice', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await call('DeleteFunction', { FunctionName: 'hello', Qualifier: '1' });
    assert.equal((await call('PublishVersion', { FunctionName: 'hello' })).Version, '2');
  });
});

test('PublishVersion checks the revision and the hash that the caller saw', async () => {
  await withLambda(async ({ call }) => {
    const { CodeSha256 } = await call('CreateFunction', helloFunction);
    await assert.rejects(call('PublishVersion', { FunctionName: 'hello', RevisionId: 'other' }), { code: 'PreconditionFailedException' });
    await assert.rejects(call('PublishVersion', { FunctionName: 'hello', CodeSha256: 'other' }), /is different from current CodeSHA256 in \$LATEST/);
    assert.equal((await call('PublishVersion', { FunctionName: 'hello', CodeSha256 })).Version, '1');
  });
});

test('CreateFunction with Publish answers version 1 under the plain ARN, UpdateFunctionCode under the version\'s', async () => {
  await withLambda(async ({ call }) => {
    const created = await call('CreateFunction', { ...helloFunction, Publish: true });
    assert.deepEqual([created.Version, created.FunctionArn], ['1', arn]);
    const updated = await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf({ 'index.mjs': '// two' }), Publish: true });
    assert.deepEqual([updated.Version, updated.FunctionArn], ['2', `${arn}:2`]);
  });
});
