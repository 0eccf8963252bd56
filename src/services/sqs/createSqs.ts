import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { BoundService } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Encryption } from '../../ports/encryption.ts';
import { createSequence } from './domain/sequence.ts';
import { startSweeping } from './jobs/sweep.ts';
import { createQueueReads } from './queues.ts';
import { createReceiver } from './receiving/receiver.ts';
import { sqsService } from './service.ts';

export interface SqsOptions {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly encryption?: Encryption;
  readonly log: Logger;
}

export interface RunningSqs {
  readonly service: BoundService;
  /** Answers the receives that wait. */
  endLongPolls(): void;
  /** Ends background work; to be called before the store is closed. */
  close(): Promise<void>;
}

/** The whole of SQS: the service and its background work. */
export function createSqs(options: SqsOptions): RunningSqs {
  const { store, clock, random, timers, encryption } = options;
  const log = options.log.with({ service: 'sqs' });
  const queues = createQueueReads(store);
  const messages = { queues, sequence: createSequence(clock), random };
  const receiver = createReceiver({ ...messages, store, clock });
  const sweeper = startSweeping({ store, clock, log });
  return {
    service: sqsService.bind({ ...messages, store, clock, receiver, timers, encryption, log }),
    endLongPolls: () => receiver.close(),
    async close() {
      receiver.close();
      await sweeper.stop();
    },
  };
}
