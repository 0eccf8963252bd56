import { applyChanges, readSettingChanges } from '../domain/queueAttributes.ts';
import { missingParameter } from '../errors.ts';
import { nowOf, onQueue, operation, queueAccess, requireQueue } from '../operation.ts';
import { requireDeadLetterQueue, requireKey } from '../settings.ts';
import { everywhere, queues as queueTable } from '../store.ts';
import { given } from './createQueue.ts';

export const setQueueAttributes = operation('SetQueueAttributes', {
  access: (input, call, deps) => queueAccess('SetQueueAttributes', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const { store, queues } = deps;
      const attributes = given(input.Attributes);
      const looked = await requireQueue(queues.look(name));
      if (Object.keys(attributes).length === 0) throw missingParameter('Attribute.Name');
      await requireKey(readSettingChanges(attributes, looked.row.settings), call, deps);
      await store.transact(async (tx) => {
        const { row, fifo } = await requireQueue(queues.find(tx, name));
        const changes = readSettingChanges(attributes, row.settings);
        await requireDeadLetterQueue(tx, name, changes, fifo, queues);
        const settings = applyChanges(row.settings, changes);
        queueTable.set(tx, everywhere, [name.account, name.region, name.name], { ...row, settings, modifiedAtMs: nowOf(deps) });
      });
      return {};
    }),
});
