import type { Call } from '../../../framework/context.ts';
import { batchTooLong, invalidParameter } from '../errors.ts';
import { batchResult, failedEntry, type FailedEntry, requireEntries } from '../domain/batch.ts';
import { batchBytesMax, traceHeaderCharsMax } from '../limits.ts';
import { attributeBytes, readAttributes } from '../domain/messageAttributes.ts';
import { deduplicationIdMissing, type Draft, locksOf, putMessage, readMessage, requireSize, sealDraft, type SentMessage } from '../messages/send.ts';
import { nowOf, onQueue, operation, queueAccess, requireQueue, sealingCaller, senderIdOf } from '../operation.ts';
import type { Queue } from '../queues.ts';

export const sendMessage = operation('SendMessage', {
  access: (input, call, deps) => queueAccess('SendMessage', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const looked = await requireQueue(deps.queues.look(name));
      const caller = sealingCaller(call);
      const draft = await sealDraft(draftOf(input, looked, call), looked, deps, caller);
      return deps.store.transact(
        async (tx) => {
          const queue = await requireQueue(deps.queues.find(tx, name));
          const fitting = queue.row === looked.row ? draft : refit(draftOf(input, queue, call), draft);
          return putMessage(tx, queue, fitting, { id: senderIdOf(call), nowMs: nowOf(deps) }, deps);
        },
        { locks: locksOf(looked, [draft]) },
      );
    }),
});

function draftOf(sent: SentMessage, queue: Queue, call: Call): Draft {
  const draft = readMessage(sent, queue, traceOf(call));
  requireSize(draft, queue);
  return draft;
}

// "Sending the tracing header": traced clients say it in the head of the request, others in AWSTraceHeader. No real one is longer.
function traceOf({ head }: Call): string | undefined {
  const header = head.headers['x-amzn-trace-id'];
  return header === undefined || header.length > traceHeaderCharsMax ? undefined : header;
}

// The queue has changed since: what was encrypted stays so.
function refit(draft: Draft, { sealed }: Draft): Draft {
  return sealed ? { ...draft, sealed } : draft;
}

type Entry = SentMessage & { readonly Id: string };

export const sendMessageBatch = operation('SendMessageBatch', {
  access: (input, call, deps) => queueAccess('SendMessage', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const looked = await requireQueue(deps.queues.look(name));
      const entries = requireEntries(input.Entries, 'SendMessageBatchRequestEntry');
      const { good, failed } = draftAll(entries, looked, call);
      const sealed = await Promise.all(good.map(async ({ id, draft }) => ({ id, draft: await sealDraft(draft, looked, deps, sealingCaller(call)) })));
      return deps.store.transact(
        async (tx) => {
          const queue = await requireQueue(deps.queues.find(tx, name));
          const sender = { id: senderIdOf(call), nowMs: nowOf(deps) };
          const done: ({ Id: string } & Awaited<ReturnType<typeof putMessage>>)[] = [];
          // One after the other: the order of the entries is the order of the messages.
          for (const { id, draft } of sealed) done.push({ Id: id, ...(await putMessage(tx, queue, draft, sender, deps)) });
          return batchResult(done, failed);
        },
        { locks: locksOf(looked, sealed.map(({ draft }) => draft)) },
      );
    }),
});

// What is wrong with a group or a duplicate's id refuses the whole batch (recorded from the service), everything else its entry.
function draftAll(entries: readonly Entry[], queue: Queue, call: Call): { good: { id: string; draft: Draft }[]; failed: FailedEntry[] } {
  if (queue.fifo) {
    if (entries.some((entry) => entry.MessageGroupId === undefined)) throw invalidParameter('The request must contain the parameter MessageGroupId.');
    if (!queue.contentBasedDeduplication && entries.some((entry) => entry.MessageDeduplicationId === undefined)) throw deduplicationIdMissing();
  }
  const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
  if (bytes > batchBytesMax) throw batchTooLong(batchBytesMax, bytes);
  const good: { id: string; draft: Draft }[] = [];
  const failed: FailedEntry[] = [];
  for (const entry of entries) {
    try {
      good.push({ id: entry.Id, draft: draftOf(entry, queue, call) });
    } catch (error) {
      failed.push(failedEntry(entry.Id, error));
    }
  }
  return { good, failed };
}

function bytesOf(entry: Entry): number {
  let attributes = 0;
  try {
    attributes = attributeBytes(readAttributes(entry.MessageAttributes, 'user'));
  } catch {
    // The entry will fail for them.
  }
  return Buffer.byteLength(entry.MessageBody ?? '') + attributes;
}
