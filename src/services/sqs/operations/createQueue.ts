import { hexId } from '../../../base/ids.ts';
import { findDifference, readNewSettings } from '../domain/queueAttributes.ts';
import { isQueueName } from '../domain/queueUrl.ts';
import { readTags } from '../domain/tags.ts';
import { invalidParameter, queueDeletedRecently, queueNameExists } from '../errors.ts';
import { queueNameLengthMax, recreateIntervalMs } from '../limits.ts';
import { accessTo, nowOf, operation, queueUrl } from '../operation.ts';
import { requireDeadLetterQueue, requireKey } from '../settings.ts';
import { deletedQueues, everywhere, queues as queueTable, type QueueRow } from '../store.ts';

export const createQueue = operation('CreateQueue', {
  access: ({ QueueName: name = '' }, { account, region }) => accessTo('CreateQueue', { account, region, name }, undefined),
  async handle(input, call, deps) {
    const { store, queues, random } = deps;
    if (input.QueueName === undefined || input.QueueName === '') {
      throw invalidParameter('Value for parameter QueueName is invalid. Reason: Must specify a queue name.');
    }
    const name = { account: call.account, region: call.region, name: input.QueueName };
    const settings = readNewSettings(given(input.Attributes));
    const fifo = settings['FifoQueue'] === 'true';
    if (!isQueueName(name.name, fifo)) throw badName(fifo);
    const tags = readTags(input.tags);
    await requireKey(settings, call, deps);
    await store.transact(async (tx) => {
      const place = [name.account, name.region, name.name];
      const existing = await queues.find(tx, name);
      if (existing) {
        // Whatever was not given may be as it is.
        const different = existing.fifo === fifo ? findDifference(existing.row.settings, settings) : 'FifoQueue';
        if (different !== undefined) throw queueNameExists(different);
        return;
      }
      const nowMs = nowOf(deps);
      const deleted = await deletedQueues.get(tx, everywhere, place);
      if (deleted && deleted.atMs + recreateIntervalMs > nowMs) throw queueDeletedRecently();
      await requireDeadLetterQueue(tx, name, settings, fifo, queues);
      if (deleted) deletedQueues.clear(tx, everywhere, place);
      const row: QueueRow = { id: hexId(random, 14), storeId: hexId(random, 14), createdAtMs: nowMs, modifiedAtMs: nowMs, settings, tags };
      queueTable.set(tx, everywhere, place, row);
    });
    return { QueueUrl: queueUrl(name, call) };
  },
});

function badName(fifo: boolean): Error {
  return invalidParameter(
    fifo
      ? `The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to ${queueNameLengthMax} in length.`
      : `Can only include alphanumeric characters, hyphens, or underscores. 1 to ${queueNameLengthMax} in length`,
  );
}

/** The attributes of a request, without those that are not there. */
export function given(attributes: Readonly<Record<string, string | undefined>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
