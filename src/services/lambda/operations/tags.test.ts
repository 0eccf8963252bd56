import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';

const Resource = `arn:aws:lambda:us-east-1:${account}:function:hello`;

test('TagResource adds and replaces, UntagResource removes, ListTags answers', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Tags: { a: '1', b: '2' } });
    await call('TagResource', { Resource, Tags: { b: 'two', c: '3' } });
    await call('UntagResource', { Resource, TagKeys: ['a', 'unknown'] });
    assert.deepEqual((await call('ListTags', { Resource })).Tags, { b: 'two', c: '3' });
  });
});

test('TagResource keeps to fifty tags', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const many = (count: number, prefix: string): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix}${at}`, 'x']));
    await call('TagResource', { Resource, Tags: many(50, 'k') });
    await call('TagResource', { Resource, Tags: { k1: 'changed' } });
    await assert.rejects(call('TagResource', { Resource, Tags: { one: 'more' } }), /exceeds resource tag limit/);
    await assert.rejects(call('TagResource', { Resource, Tags: many(51, 'm') }), /exceeds resource tag limit/);
  });
});

test('TagResource refuses versions and absent functions', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await assert.rejects(call('TagResource', { Resource: `${Resource}:1`, Tags: { a: 'b' } }), /Tags on function aliases and versions are not supported/);
    await assert.rejects(call('ListTags', { Resource: `${Resource}-absent` }), { code: 'ResourceNotFoundException' });
  });
});
