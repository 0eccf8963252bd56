import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSns } from '../testSns.ts';

test('TagResource, UntagResource and ListTagsForResource keep the tags of a topic', () =>
  withSns(async ({ run, createTopic }) => {
    const ResourceArn = await createTopic('news');
    await run('TagResource', { ResourceArn, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] });
    await run('UntagResource', { ResourceArn, TagKeys: ['b'] });
    assert.deepEqual((await run('ListTagsForResource', { ResourceArn })).Tags, [{ Key: 'a', Value: '1' }]);
    await assert.rejects(run('TagResource', { ResourceArn, Tags: [{ Key: 'aws:a', Value: '1' }] }), { code: 'InvalidParameterException' });
    await assert.rejects(run('TagResource', { ResourceArn, Tags: [] }), { code: 'InvalidParameterException' });
    await assert.rejects(run('UntagResource', { ResourceArn: `${ResourceArn}x`, TagKeys: ['b'] }), { code: 'ResourceNotFoundException' });
  }));
