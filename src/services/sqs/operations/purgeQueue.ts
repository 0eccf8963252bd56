import { hexId } from '../../../base/ids.ts';
import { purgeInProgress } from '../errors.ts';
import { purgeIntervalMs } from '../limits.ts';
import { nowOf, onQueue, operation, queueAccess, requireQueue } from '../operation.ts';
import { everywhere, queues as queueTable, removals } from '../store.ts';

export const purgeQueue = operation('PurgeQueue', {
  access: (input, call, deps) => queueAccess('PurgeQueue', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const { store, queues, receiver, random } = deps;
      await store.transact(async (tx) => {
        const { row } = await requireQueue(queues.find(tx, name));
        const nowMs = nowOf(deps);
        if (row.purgedAtMs !== undefined && row.purgedAtMs + purgeIntervalMs > nowMs) throw purgeInProgress(name.name);
        queueTable.set(tx, everywhere, [name.account, name.region, name.name], { ...row, storeId: hexId(random, 14), purgedAtMs: nowMs });
        removals.set(tx, everywhere, [row.storeId], {});
        tx.afterCommit(() => receiver.forget(row.storeId));
      });
      return {};
    }),
});
