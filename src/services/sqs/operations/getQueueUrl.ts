import { isAnyQueueName } from '../domain/queueUrl.ts';
import { invalidParameter, invalidValue } from '../errors.ts';
import { accessTo, missingQueue, onQueue, operation, queueUrl, requireQueue } from '../operation.ts';
import type { QueueName } from '../queues.ts';
import type { Call } from '../../../framework/context.ts';

interface NamedQueue {
  readonly QueueName?: string | undefined;
  readonly QueueOwnerAWSAccountId?: string | undefined;
}

function nameOf({ QueueName: name, QueueOwnerAWSAccountId: owner }: NamedQueue, call: Call): QueueName {
  return { account: owner === undefined || owner === '' ? call.account : owner, region: call.region, name: name ?? '' };
}

const isName = ({ account, name }: QueueName): boolean => /^\d{12}$/.test(account) && isAnyQueueName(name);

export const getQueueUrl = operation('GetQueueUrl', {
  async access(input, call, { queues }) {
    const name = nameOf(input, call);
    return accessTo('GetQueueUrl', name, isName(name) ? await queues.look(name) : undefined);
  },
  handle(input, call, { queues }) {
    const name = nameOf(input, call);
    if (name.name === '') throw invalidParameter('Value for parameter QueueName is invalid. Reason: Must specify a queue name.');
    if (!/^\d{12}$/.test(name.account)) throw invalidValue(name.account.slice(0, 256), 'QueueOwnerAWSAccountId', 'Must be a 12-digit AWS account ID.');
    if (!isName(name)) throw missingQueue(call);
    return onQueue({ QueueUrl: `/${name.account}/${name.name}` }, call, async () => {
      await requireQueue(queues.look(name));
      return { QueueUrl: queueUrl(name, call) };
    });
  },
});
