import type { SnsDeps } from '../deps.ts';
import { requireTopicArn, type TopicName } from '../domain/arns.ts';
import { readTags } from '../domain/tags.ts';
import { missingParameter, resourceNotFound } from '../errors.ts';
import { newRevision, operation, topicAccess } from '../operation.ts';
import type { TopicRow } from '../store.ts';
import { setTopic, type Topic } from '../topics.ts';

export const tagResource = operation('TagResource', {
  access: (input, call, deps) => topicAccess('TagResource', input.ResourceArn, call, deps),
  async handle(input, _call, deps) {
    const tags = input.Tags ?? [];
    if (tags.length === 0) throw missingParameter('Tags');
    await changeTags(requireTopicArn(input.ResourceArn, 'ResourceArn'), deps, (present) => readTags(tags.map(({ Key, Value }) => ({ Key, Value })), present));
    return {};
  },
});

export const untagResource = operation('UntagResource', {
  access: (input, call, deps) => topicAccess('UntagResource', input.ResourceArn, call, deps),
  async handle(input, _call, deps) {
    const keys = input.TagKeys ?? [];
    if (keys.length === 0) throw missingParameter('TagKeys');
    await changeTags(requireTopicArn(input.ResourceArn, 'ResourceArn'), deps, (present) => Object.fromEntries(Object.entries(present).filter(([key]) => !keys.includes(key))));
    return {};
  },
});

export const listTagsForResource = operation('ListTagsForResource', {
  access: (input, call, deps) => topicAccess('ListTagsForResource', input.ResourceArn, call, deps),
  async handle(input, _call, deps) {
    const { row } = await requireResource(deps.topics.look(requireTopicArn(input.ResourceArn, 'ResourceArn')));
    return { Tags: Object.entries(row.tags).map(([Key, Value]) => ({ Key, Value })) };
  },
});

async function requireResource(found: Promise<Topic | undefined>): Promise<Topic> {
  const topic = await found;
  if (!topic) throw resourceNotFound();
  return topic;
}

async function changeTags(name: TopicName, deps: SnsDeps, change: (tags: TopicRow['tags']) => TopicRow['tags']): Promise<void> {
  await deps.store.transact(async (tx) => {
    const { row } = await requireResource(deps.topics.find(tx, name));
    setTopic(tx, name, { ...row, tags: change(row.tags) }, newRevision(deps));
  });
}
