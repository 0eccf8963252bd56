import { batchResult, failedEntry, type FailedEntry, requireEntries } from '../domain/batch.ts';
import { changeVisibility, receiptLocks, requireReceipt, requireVisibilitySeconds } from '../messages/receipts.ts';
import { nowOf, onQueue, operation, queueAccess, requireQueue } from '../operation.ts';

export const changeMessageVisibility = operation('ChangeMessageVisibility', {
  access: (input, call, deps) => queueAccess('ChangeMessageVisibility', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const looked = await requireQueue(deps.queues.look(name));
      requireReceipt(looked, input.ReceiptHandle);
      const seconds = requireVisibilitySeconds(input.VisibilityTimeout);
      await deps.store.transact(
        async (tx) => changeVisibility(tx, await requireQueue(deps.queues.find(tx, name)), input.ReceiptHandle, seconds, nowOf(deps)),
        { locks: receiptLocks(looked, [input.ReceiptHandle]) },
      );
      return {};
    }),
});

export const changeMessageVisibilityBatch = operation('ChangeMessageVisibilityBatch', {
  access: (input, call, deps) => queueAccess('ChangeMessageVisibility', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const looked = await requireQueue(deps.queues.look(name));
      const entries = requireEntries(input.Entries, 'ChangeMessageVisibilityBatchRequestEntry');
      return deps.store.transact(
        async (tx) => {
          const queue = await requireQueue(deps.queues.find(tx, name));
          const done: { Id: string }[] = [];
          const failed: FailedEntry[] = [];
          for (const { Id: id, ReceiptHandle: handle, VisibilityTimeout: seconds } of entries) {
            try {
              await changeVisibility(tx, queue, handle, requireVisibilitySeconds(seconds), nowOf(deps));
              done.push({ Id: id });
            } catch (error) {
              failed.push(failedEntry(id, error));
            }
          }
          return batchResult(done, failed);
        },
        { locks: receiptLocks(looked, entries.map(({ ReceiptHandle: handle }) => handle)) },
      );
    }),
});
