import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSns } from '../testSns.ts';

test('AddPermission adds a statement to the policy, and RemovePermission takes it away', () =>
  withSns(async ({ run, createTopic }) => {
    const TopicArn = await createTopic('news');
    const sids = async (): Promise<unknown[]> => (JSON.parse((await run('GetTopicAttributes', { TopicArn })).Attributes?.['Policy'] ?? '{}') as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid);
    await run('AddPermission', { TopicArn, Label: 'p', AWSAccountId: ['111111111111', '222222222222'], ActionName: ['Publish', 'Subscribe'] });
    assert.deepEqual(await sids(), ['__default_statement_ID', 'p']);
    await run('RemovePermission', { TopicArn, Label: 'p' });
    assert.deepEqual(await sids(), ['__default_statement_ID']);
    await assert.rejects(run('AddPermission', { TopicArn, Label: 'p', AWSAccountId: [], ActionName: ['Publish'] }), { message: 'Invalid parameter: AWSAccountId Reason: no value for required parameter' });
    await assert.rejects(run('AddPermission', { TopicArn, Label: 'p', AWSAccountId: ['111111111111'], ActionName: [] }), { message: 'Invalid parameter: ActionName Reason: no value for required parameter' });
  }));
