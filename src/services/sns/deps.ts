import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import type { ServiceDenials } from '../../framework/serviceDenials.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';
import type { LogSink } from '../../ports/logSink.ts';
import type { Mailbox } from '../../ports/mailbox.ts';
import type { Emitter } from '../../ports/outbox.ts';
import type { QueueWriter } from '../../ports/queueWriter.ts';
import type { TopicMetrics } from './metrics.ts';
import type { Sealing } from './sealing.ts';
import type { Signer } from './signing.ts';
import type { TopicReads } from './topics.ts';

/** What operations and deliveries may use. */
export interface SnsDeps {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  /** For waits of sockets. */
  readonly wall: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly emitter: Emitter;
  readonly log: Logger;
  readonly logs: LogSink;
  readonly queues: QueueWriter;
  readonly functions: FunctionAccess;
  readonly mailbox: Mailbox;
  readonly roleAccess: RoleAccess;
  /** Told of what topics refuse to services. */
  readonly serviceDenials?: ServiceDenials | undefined;
  readonly topics: TopicReads;
  readonly signer: Signer;
  readonly sealing: Sealing;
  readonly metrics: TopicMetrics;
  /** On loopback, a subscriber may be on loopback too. */
  readonly localMode: boolean;
}

/** In whose name everything is delivered. */
export const principal = 'sns.amazonaws.com';
