import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeQueues } from '../testing/fakeQueues.ts';
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

test('TagResource and ListTags know event source mappings', async () => {
  const queues = createFakeQueues();
  const queueArn = `arn:aws:sqs:us-east-1:${account}:q`;
  queues.descriptions.set(queueArn, { fifo: false, visibilityTimeoutSeconds: 30 });
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const { EventSourceMappingArn } = await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: queueArn, Tags: { a: '1' } });
    await call('TagResource', { Resource: EventSourceMappingArn, Tags: { b: '2' } });
    await call('UntagResource', { Resource: EventSourceMappingArn, TagKeys: ['a'] });
    assert.deepEqual((await call('ListTags', { Resource: EventSourceMappingArn })).Tags, { b: '2' });
    const absent = EventSourceMappingArn?.replace(/.{4}$/, '0000');
    await assert.rejects(call('ListTags', { Resource: absent }), { code: 'ResourceNotFoundException' });
  }, { queues });
});

test('TagResource refuses versions and absent functions', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await assert.rejects(call('TagResource', { Resource: `${Resource}:1`, Tags: { a: 'b' } }), /Tags on function aliases and versions are not supported/);
    await assert.rejects(call('ListTags', { Resource: `${Resource}-absent` }), { code: 'ResourceNotFoundException' });
  });
});
