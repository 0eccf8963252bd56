import { batchResult, failedEntry, type FailedEntry, requireEntries } from '../domain/batch.ts';
import { deleteByHandle, receiptLocks, requireReceipt } from '../messages/receipts.ts';
import { nowOf, onQueue, operation, queueAccess, requireQueue } from '../operation.ts';

export const deleteMessage = operation('DeleteMessage', {
  access: (input, call, deps) => queueAccess('DeleteMessage', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const looked = await requireQueue(deps.queues.look(name));
      requireReceipt(looked, input.ReceiptHandle);
      await deps.store.transact(
        async (tx) => deleteByHandle(tx, await requireQueue(deps.queues.find(tx, name)), input.ReceiptHandle, nowOf(deps)),
        { locks: receiptLocks(looked, [input.ReceiptHandle]) },
      );
      return {};
    }),
});

export const deleteMessageBatch = operation('DeleteMessageBatch', {
  access: (input, call, deps) => queueAccess('DeleteMessage', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const looked = await requireQueue(deps.queues.look(name));
      const entries = requireEntries(input.Entries, 'DeleteMessageBatchRequestEntry');
      return deps.store.transact(
        async (tx) => {
          const queue = await requireQueue(deps.queues.find(tx, name));
          const done: { Id: string }[] = [];
          const failed: FailedEntry[] = [];
          for (const { Id: id, ReceiptHandle: handle } of entries) {
            try {
              await deleteByHandle(tx, queue, handle, nowOf(deps));
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
