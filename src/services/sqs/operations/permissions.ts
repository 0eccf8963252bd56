import { addPermission as addStatement, removePermission as removeStatement } from '../domain/policy.ts';
import { invalidValue, missingParameter, tooManyActions } from '../errors.ts';
import { permissionActionsMax } from '../limits.ts';
import { nowOf, onQueue, operation, queueAccess, requireQueue, type SqsDeps } from '../operation.ts';
import { queueArn, type QueueName } from '../queues.ts';
import { everywhere, queues as queueTable } from '../store.ts';

/** What the owner of a queue can let others do by AddPermission (API reference, AddPermission; developer guide, "SQS actions"). */
const grantable = new Set([
  '*', 'ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'GetQueueUrl', 'ListDeadLetterSourceQueues', 'PurgeQueue', 'ReceiveMessage', 'SendMessage',
]);
const ownersOnly = new Set(['AddPermission', 'CreateQueue', 'DeleteQueue', 'ListQueues', 'ListQueueTags', 'RemovePermission', 'SetQueueAttributes', 'TagQueue', 'UntagQueue']);

export const addPermission = operation('AddPermission', {
  access: (input, call, deps) => queueAccess('AddPermission', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const label = requireLabel(input.Label);
      const accountIds = input.AWSAccountIds ?? [];
      const actions = input.Actions ?? [];
      if (accountIds.length === 0) throw missingParameter('PrincipalId');
      if (actions.length === 0) throw missingParameter('ActionName');
      for (const id of accountIds) if (!/^\d{12}$/.test(id)) throw invalidValue(`[${accountIds.join(', ').slice(0, 1_024)}]`, 'PrincipalId', 'Unable to verify.');
      if (actions.length > permissionActionsMax) throw tooManyActions(actions.length, permissionActionsMax);
      for (const action of actions) {
        if (ownersOnly.has(action)) throw invalidValue(`SQS:${action}`, 'ActionName', 'Only the queue owner is allowed to invoke this action.');
        if (!grantable.has(action)) throw invalidValue(`SQS:${action.slice(0, 256)}`, 'ActionName', 'Please refer to the appropriate WSDL for a list of valid actions.');
      }
      await changePolicy(name, deps, (policy) => addStatement(policy, { label, queueArn: queueArn(name), accountIds, actions }));
      return {};
    }),
});

export const removePermission = operation('RemovePermission', {
  access: (input, call, deps) => queueAccess('RemovePermission', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const label = requireLabel(input.Label);
      await changePolicy(name, deps, (policy) => removeStatement(policy, label));
      return {};
    }),
});

function requireLabel(label: string | undefined): string {
  if (label === undefined || label === '') throw missingParameter('Label');
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(label)) {
    throw invalidValue(label.slice(0, 256), 'Label', 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.');
  }
  return label;
}

async function changePolicy(name: QueueName, deps: SqsDeps, change: (policy: string | undefined) => string | undefined): Promise<void> {
  await deps.store.transact(async (tx) => {
    const { row } = await requireQueue(deps.queues.find(tx, name));
    const { Policy: before, ...others } = row.settings;
    const policy = change(before);
    const settings = policy === undefined ? others : { ...others, Policy: policy };
    queueTable.set(tx, everywhere, [name.account, name.region, name.name], { ...row, settings, modifiedAtMs: nowOf(deps) });
  });
}
