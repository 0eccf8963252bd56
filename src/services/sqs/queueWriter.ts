import type { Clock } from '../../base/clock.ts';
import { ServiceError } from '../../base/errors.ts';
import { createServiceAccess } from '../../framework/serviceAccess.ts';
import type { ServiceDenials } from '../../framework/serviceDenials.ts';
import type { QueueWriter } from '../../ports/queueWriter.ts';
import { draftOf } from './eventTarget.ts';
import type { MessageDeps } from './messages/messageDeps.ts';
import { locksOf, putMessage, sealDraft } from './messages/send.ts';
import { parseQueueArn } from './queues.ts';

/** Lets other services put messages into queues as part of their own transactions. */
export function createQueueWriter(deps: MessageDeps & { readonly clock: Clock; readonly serviceDenials?: ServiceDenials | undefined }): QueueWriter {
  const serviceAccess = createServiceAccess(deps.serviceDenials);
  return {
    async prepare({ queueArn, message, service, sourceArn, sourceAccount }) {
      const name = parseQueueArn(queueArn);
      const queue = name && (await deps.queues.look(name));
      if (!queue) return { kind: 'refused', reason: 'AWS.SimpleQueueService.NonExistentQueue' };
      const conditions = { 'aws:SourceAccount': sourceAccount, 'aws:SourceArn': sourceArn };
      const about = { action: 'sqs:SendMessage', resource: queue.arn, nowMs: deps.clock.now(), region: queue.region, service, conditions };
      if (!serviceAccess({ ...about, document: queue.policy })) return { kind: 'refused', reason: 'AccessDenied' };
      try {
        const draft = await sealDraft(draftOf(message, queue), queue, deps);
        const write = {
          locks: locksOf(queue, [draft]),
          async put(tx: Parameters<typeof putMessage>[0]) {
            const current = await deps.queues.find(tx, queue);
            if (current?.row !== queue.row) return false;
            await putMessage(tx, current, draft, { id: service, nowMs: Math.floor(deps.clock.now()) }, deps);
            return true;
          },
        };
        return { kind: 'ready', write };
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        return { kind: error.code.startsWith('Kms') ? 'later' : 'refused', reason: error.code.startsWith('Kms') ? error.code : error.message };
      }
    },
  };
}
