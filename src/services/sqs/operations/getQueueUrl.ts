import { invalidParameter } from '../errors.ts';
import { accessTo, onQueue, operation, queueUrl, requireQueue } from '../operation.ts';
import type { QueueName } from '../queues.ts';
import type { Call } from '../../../framework/context.ts';

interface NamedQueue {
  readonly QueueName?: string | undefined;
  readonly QueueOwnerAWSAccountId?: string | undefined;
}

function nameOf({ QueueName: name, QueueOwnerAWSAccountId: owner }: NamedQueue, call: Call): QueueName {
  return { account: owner === undefined || owner === '' ? call.account : owner, region: call.region, name: name ?? '' };
}

export const getQueueUrl = operation('GetQueueUrl', {
  async access(input, call, { queues }) {
    const name = nameOf(input, call);
    return accessTo('GetQueueUrl', name, await queues.look(name));
  },
  handle(input, call, { queues }) {
    const name = nameOf(input, call);
    if (name.name === '') throw invalidParameter('Value for parameter QueueName is invalid. Reason: Must specify a queue name.');
    const path = `/${name.account}/${name.name}`;
    return onQueue({ QueueUrl: path }, call, async () => {
      await requireQueue(queues.look(name));
      return { QueueUrl: queueUrl(name, call) };
    });
  },
});
