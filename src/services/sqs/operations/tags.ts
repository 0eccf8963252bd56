import { readTags } from '../domain/tags.ts';
import { missingParameter } from '../errors.ts';
import { onQueue, operation, queueAccess, requireQueue, type SqsDeps } from '../operation.ts';
import type { QueueName } from '../queues.ts';
import { everywhere, queues as queueTable, type QueueRow } from '../store.ts';

export const tagQueue = operation('TagQueue', {
  access: (input, call, deps) => queueAccess('TagQueue', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      if (input.Tags === undefined || Object.keys(input.Tags).length === 0) throw missingParameter('Tags');
      await changeTags(name, deps, (tags) => readTags(input.Tags, tags));
      return {};
    }),
});

export const untagQueue = operation('UntagQueue', {
  access: (input, call, deps) => queueAccess('UntagQueue', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const keys = input.TagKeys ?? [];
      if (keys.length === 0) throw missingParameter('TagKeys');
      await changeTags(name, deps, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key))));
      return {};
    }),
});

export const listQueueTags = operation('ListQueueTags', {
  access: (input, call, deps) => queueAccess('ListQueueTags', input, call, deps),
  handle: (input, call, deps) => onQueue(input, call, async (name) => ({ Tags: { ...(await requireQueue(deps.queues.look(name))).row.tags } })),
});

async function changeTags(name: QueueName, { store, queues }: SqsDeps, change: (tags: QueueRow['tags']) => QueueRow['tags']): Promise<void> {
  await store.transact(async (tx) => {
    const { row } = await requireQueue(queues.find(tx, name));
    queueTable.set(tx, everywhere, [name.account, name.region, name.name], { ...row, tags: change(row.tags) });
  });
}
