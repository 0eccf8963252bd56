import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';

const arn = `arn:aws:lambda:us-east-1:${account}:function:hello`;

test('GetFunction answers an active function with its tags and a link to its archive', async () => {
  await withLambda(async ({ call, lambda, blobs, clock }) => {
    await call('CreateFunction', { ...helloFunction, Tags: { team: 'one' } });
    const { Configuration, Code, Tags, Concurrency } = await call('GetFunction', { FunctionName: 'hello' });
    assert.deepEqual([Configuration?.State, Configuration?.LastUpdateStatus, Configuration?.StateReason], ['Active', 'Successful', undefined]);
    assert.deepEqual([Tags, Concurrency, Code?.RepositoryType], [{ team: 'one' }, undefined, 'S3']);
    const [, token = ''] = /^http:\/\/127\.0\.0\.1:4566\/lambda-code\/([\w-]+)$/.exec(Code?.Location ?? '') ?? [];
    const download = lambda.findCodeDownload(token);
    assert.deepEqual([download?.fileName, download && blobs.bodies.get(download.blobId)], ['hello.zip', helloFunction.Code.ZipFile]);
    clock.advance(10 * 60_000 - 1);
    assert.ok(lambda.findCodeDownload(token));
    clock.advance(1);
    assert.equal(lambda.findCodeDownload(token), undefined);
  });
});

test('findCodeDownload refuses altered and foreign tokens', async () => {
  await withLambda(async ({ call, lambda, restart }) => {
    await call('CreateFunction', helloFunction);
    const { Code } = await call('GetFunction', { FunctionName: 'hello' });
    const token = Code?.Location?.split('/').at(-1) ?? '';
    assert.ok(lambda.findCodeDownload(token));
    const altered = `${token.slice(0, 40)}${token[40] === 'A' ? 'B' : 'A'}${token.slice(41)}`;
    for (const bad of ['', 'x', altered, 'A'.repeat(5_000)]) assert.equal(lambda.findCodeDownload(bad), undefined, bad);
    assert.equal(restart({ sealKey: new Uint8Array(32) }).findCodeDownload(token), undefined);
    assert.ok(restart().findCodeDownload(token), 'the same server after a restart');
  });
});

test('GetFunction answers the qualified ARN to whoever named a qualifier', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    assert.equal((await call('GetFunction', { FunctionName: arn })).Configuration?.FunctionArn, arn);
    assert.equal((await call('GetFunction', { FunctionName: 'hello', Qualifier: '$LATEST' })).Configuration?.FunctionArn, `${arn}:$LATEST`);
    for (const Qualifier of ['1', 'live']) {
      await assert.rejects(call('GetFunction', { FunctionName: 'hello', Qualifier }), { code: 'ResourceNotFoundException', message: `Function not found: ${arn}:${Qualifier}` });
    }
  });
});
