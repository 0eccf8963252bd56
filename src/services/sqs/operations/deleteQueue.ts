import { nowOf, onQueue, operation, queueAccess, requireQueue } from '../operation.ts';
import { deletedQueues, everywhere, moveTasks, queues as queueTable, removals } from '../store.ts';

export const deleteQueue = operation('DeleteQueue', {
  access: (input, call, deps) => queueAccess('DeleteQueue', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const { store, queues, receiver } = deps;
      await store.transact(async (tx) => {
        const queue = await requireQueue(queues.find(tx, name));
        const place = [name.account, name.region, name.name];
        queueTable.clear(tx, everywhere, place);
        deletedQueues.set(tx, everywhere, place, { atMs: nowOf(deps) });
        for (const id of [queue.row.id, queue.storeId]) removals.set(tx, everywhere, [id], {});
        moveTasks.clearAll(tx, everywhere, [name.account, name.region, queue.row.id]);
        tx.afterCommit(() => receiver.forget(queue.storeId));
      });
      return {};
    }),
});
