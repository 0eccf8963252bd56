import type { Clock } from '../../base/clock.ts';
import { InvariantError } from '../../base/errors.ts';
import type { BoundService } from '../../framework/service.ts';
import type { Transaction } from '../../kv/store.ts';
import type { FiredTimer } from '../../kv/timers.ts';
import { type MetricRecorder, unrecordedMetrics } from '../../ports/metrics.ts';
import type { DestinationAccess } from '../../ports/destinationAccess.ts';
import type { FindDestination } from '../../ports/destinationLookup.ts';
import type { Encryption } from '../../ports/encryption.ts';
import type { DeliveryTarget } from '../../ports/outbox.ts';
import { sweepArchive } from './archive.ts';
import { createEventTargets } from './delivery/eventTarget.ts';
import { createHttpSender, type HttpSender } from './delivery/httpSender.ts';
import type { SnsDeps } from './deps.ts';
import { parseSnsArn, type TopicName } from './domain/arns.ts';
import { createSealing } from './sealing.ts';
import { createTopicMetrics } from './metrics.ts';
import { snsService } from './service.ts';
import { type Certify, createSigner } from './signing.ts';
import { dedups, everywhere, subscriptions } from './store.ts';
import { removeSubscription } from './subscribing.ts';
import { createTopicReads } from './topics.ts';

export interface SnsOptions extends Omit<SnsDeps, 'topics' | 'signer' | 'sealing' | 'metrics'> {
  /** CloudWatch, where there is one. */
  readonly recorder?: MetricRecorder | undefined;
  readonly clock: Clock;
  readonly encryption?: Encryption;
  /** The key that messages are signed with is kept under it. */
  readonly sealKey: Uint8Array;
  readonly certify: Certify;
  /** How endpoints are written to; tests give their own. */
  readonly send?: HttpSender;
}

export interface RunningSns {
  readonly service: BoundService;
  /** Where events for topics and subscribers are delivered; undefined for what is neither. */
  eventTarget(arn: string): DeliveryTarget | undefined;
  /** Asked by services before they publish to a topic for their users. */
  readonly mayPublish: DestinationAccess;
  /** Asked by services that publish in the name of a role, when that is set. */
  readonly findDestination: FindDestination;
}

type Detail =
  | { readonly kind: 'dedup'; readonly place: readonly string[] }
  | { readonly kind: 'pending'; readonly topic: TopicName; readonly id: string }
  | { readonly kind: 'archive'; readonly topic: TopicName };

/** The whole of SNS. To be made before the timers start. */
export function createSns({ encryption, sealKey, certify, send, ...given }: SnsOptions): RunningSns {
  const { store, clock, random, wall, localMode } = given;
  const log = given.log.with({ service: 'sns' });
  const deps: SnsDeps = { ...given, log, topics: createTopicReads(store), signer: createSigner({ store, random, sealKey, certify }), sealing: createSealing({ encryption, clock, random }), metrics: createTopicMetrics(given.recorder ?? unrecordedMetrics, clock) };
  const targets = createEventTargets(deps, send ?? createHttpSender({ wall, mayReachLoopback: localMode }));

  async function forgetPending(tx: Transaction, name: TopicName, id: string): Promise<void> {
    const topic = await deps.topics.find(tx, name);
    const row = topic && (await subscriptions.get(tx, name, [name.name, id]));
    if (topic && row?.token !== undefined) await removeSubscription(tx, topic, row, deps);
  }

  const findDestination: FindDestination = async (arn) => {
    const parsed = parseSnsArn(arn);
    const topic = parsed?.detail.length === 0 ? await deps.topics.look(parsed.topic) : undefined;
    return topic && { fifo: topic.row.fifo };
  };

  given.timers.handle('sns', async (tx: Transaction, { detail, dueMs }: FiredTimer) => {
    const about = detail as Detail;
    switch (about.kind) {
      case 'dedup': {
        const row = await dedups.get(tx, everywhere, about.place);
        if (row && row.untilMs <= dueMs) dedups.clear(tx, everywhere, about.place);
        return;
      }
      case 'pending':
        return forgetPending(tx, about.topic, about.id);
      case 'archive':
        return sweepArchive(tx, about.topic, deps);
      default:
        throw new InvariantError('SNS knows no such timer', { detail });
    }
  });

  return { service: snsService.bind(deps), eventTarget: (arn) => targets.for(arn), mayPublish: targets.mayPublish, findDestination };
}
