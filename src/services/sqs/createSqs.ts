import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import type { ServiceDenials } from '../../framework/serviceDenials.ts';
import type { BoundService } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Encryption } from '../../ports/encryption.ts';
import type { DestinationAccess } from '../../ports/destinationAccess.ts';
import type { DeliveryTarget } from '../../ports/outbox.ts';
import type { QueueReader } from '../../ports/queueReader.ts';
import type { QueueWriter } from '../../ports/queueWriter.ts';
import { createSequence } from './domain/sequence.ts';
import { createDestinationAccess, createEventTarget } from './eventTarget.ts';
import { registerMoveTasks } from './jobs/moveTask.ts';
import { startSweeping } from './jobs/sweep.ts';
import { createSealing } from './messages/sealing.ts';
import { createQueueReader } from './provides.ts';
import { createQueueWriter } from './queueWriter.ts';
import { createQueueReads, parseQueueArn } from './queues.ts';
import { createReceiver } from './receiving/receiver.ts';
import { sqsService } from './service.ts';

export interface SqsOptions {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly encryption?: Encryption;
  /** Messages that no key of KMS protects are encrypted under keys derived from it (SSE-SQS). */
  readonly sealKey: Uint8Array;
  /** Asked when something is sent in the name of a role. */
  readonly roleAccess: RoleAccess;
  /** Told of what is refused to services. */
  readonly serviceDenials?: ServiceDenials;
  readonly log: Logger;
}

export interface RunningSqs {
  readonly service: BoundService;
  /** For event source mappings and pipes. */
  readonly reader: QueueReader;
  /** Where events for queues are delivered; undefined for what is no queue's ARN. */
  eventTarget(arn: string): DeliveryTarget | undefined;
  /** For services that put messages into queues as part of their own transactions. */
  readonly writer: QueueWriter;
  /** Asked by services before they send to a queue for their users. */
  readonly mayReceive: DestinationAccess;
  /** Answers the receives that wait. */
  endLongPolls(): void;
  /** Ends background work; to be called before the store is closed. */
  close(): Promise<void>;
}

/** The whole of SQS: the service, what others may ask of it, and its background work. To be made before the timers start. */
export function createSqs(options: SqsOptions): RunningSqs {
  const { store, clock, random, timers, encryption, sealKey, roleAccess, serviceDenials } = options;
  const log = options.log.with({ service: 'sqs' });
  const queues = createQueueReads(store);
  const messages = { queues, sequence: createSequence(clock), random, sealing: createSealing({ encryption, sealKey, clock, random }) };
  const receiver = createReceiver({ ...messages, store, clock });
  registerMoveTasks({ ...messages, clock, timers, log });
  const target = createEventTarget({ ...messages, store, clock, roleAccess, log, serviceDenials });
  const sweeper = startSweeping({ store, clock, log });
  return {
    service: sqsService.bind({ ...messages, store, clock, receiver, timers, log }),
    reader: createQueueReader({ store, clock, queues, receiver }),
    eventTarget: (arn) => (parseQueueArn(arn) === undefined ? undefined : target),
    writer: createQueueWriter({ ...messages, clock, serviceDenials }),
    mayReceive: createDestinationAccess({ queues, clock }),
    endLongPolls: () => receiver.close(),
    async close() {
      receiver.close();
      await sweeper.stop();
    },
  };
}
