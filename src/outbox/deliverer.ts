import { delay } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import { InvariantError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Store } from '../kv/store.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Envelope, TargetDirectory } from '../ports/outbox.ts';
import { deliveryMsMax } from './limits.ts';
import { findEnvelope, loadEnvelope } from './rows.ts';
import { findLaneHead, settleDelivered, settleFailed, settleIdleLane } from './settle.ts';
import type { Place, SettleTools } from './settle.ts';
import type { Candidate } from './targetQueue.ts';

export interface DelivererOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly log: Logger;
  readonly targets: TargetDirectory;
  readonly settleTools: SettleTools;
  /** Aborts when nothing may be touched any more. */
  readonly ending: AbortSignal;
}

const settleRetryMsFirst = 100;
const settleRetryMsMax = 30_000;

/** One attempt at one candidate, from reading the envelope to its settlement. Resolves to whether its lane has more. */
export function createDeliverer(options: DelivererOptions): (candidate: Candidate) => Promise<boolean> {
  const { store, clock, wall, log, targets, settleTools, ending } = options;

  async function deliver(candidate: Candidate): Promise<boolean> {
    const { target, orderingKey } = candidate.row;
    try {
      const found = await find(candidate);
      if (found === undefined) {
        if (orderingKey !== undefined) await store.transact((tx) => settleIdleLane(tx, target, orderingKey));
        return false;
      }
      const { place, envelope } = found;
      const receiver = targets.for(target);
      const expired = clock.now() >= envelope.createdAtMs + envelope.maximumAgeMs;
      if (expired) return await fail(place, { kind: 'rejected', reason: 'the event is older than it may be' }, receiver);
      if (receiver === undefined) return await fail(place, { kind: 'rejected', reason: `there is no ${target} to deliver to` }, undefined);
      const { acknowledged, result } = await attempt(receiver, envelope, place);
      if (acknowledged !== undefined) return acknowledged.laneHasMore;
      if (result.kind !== 'delivered') return await fail(place, result, receiver);
      return (await insist(() => store.transact((tx) => settleDelivered(tx, place))))?.laneHasMore === true;
    } catch (error) {
      // It stays where it is; the next safety scan comes upon it again.
      if (!ending.aborted) log.warn('an event was not settled', { target, error: String(error) });
      return false;
    }
  }

  /** The envelope that is meant; undefined when it is gone, or its lane is empty or waits. */
  async function find({ row, key }: Candidate): Promise<{ place: Place; envelope: Envelope } | undefined> {
    return store.read(async (tx) => {
      const head = row.orderingKey === undefined ? { id: row.id, queueKey: key } : await findLaneHead(tx, row.target, row.orderingKey);
      const found = head && (await findEnvelope(tx, head.id));
      if (head === undefined || found === undefined || found.waiting) return undefined;
      return { place: { ...row, ...head, attempts: found.attempts }, envelope: await loadEnvelope(tx, head.id, found) };
    });
  }

  /** Lets the receiver have it, for as long as it may take. */
  async function attempt(
    receiver: DeliveryTarget,
    envelope: Envelope,
    place: Place,
  ): Promise<{ readonly acknowledged: { readonly laneHasMore: boolean } | undefined; readonly result: DeliveryResult }> {
    let acknowledged: { readonly laneHasMore: boolean } | undefined;
    const overdue = new AbortController();
    const delivery: Delivery = {
      signal: overdue.signal,
      async acknowledge(tx) {
        const settled = await settleDelivered(tx, place);
        if (settled !== undefined) tx.afterCommit(() => (acknowledged = settled));
        return settled !== undefined;
      },
    };
    let giveUpWaiting = (): void => undefined;
    const cutOff = new Promise<DeliveryResult>((resolve, reject) => {
      const cancel = wall.at(wall.now() + deliveryMsMax, () => {
        overdue.abort(new InvariantError('the delivery takes too long'));
        resolve({ kind: 'retry', reason: 'the delivery took too long' });
      });
      const onEnding = (): void => {
        overdue.abort(ending.reason);
        reject(ending.reason);
      };
      ending.addEventListener('abort', onEnding);
      giveUpWaiting = () => {
        cancel();
        ending.removeEventListener('abort', onEnding);
      };
    });
    try {
      const result = await Promise.race([receiver.deliver(envelope, delivery), cutOff]);
      return { acknowledged, result };
    } catch (error) {
      if (ending.aborted && acknowledged === undefined) throw error;
      return { acknowledged, result: { kind: 'retry', reason: error instanceof Error ? error.message : String(error) } };
    } finally {
      giveUpWaiting();
    }
  }

  async function fail(place: Place, result: Exclude<DeliveryResult, { kind: 'delivered' }>, receiver: DeliveryTarget | undefined): Promise<boolean> {
    const final = result.kind === 'rejected';
    const failure = { reason: result.reason, afterMs: result.kind === 'retry' ? result.afterMs : undefined, final };
    log.debug('an event was not delivered', { target: place.target, envelope: place.id, attempts: place.attempts + 1, ...failure });
    return insist(() => store.transact((tx) => settleFailed(tx, place, failure, receiver, settleTools)));
  }

  /** Until it succeeds: what has happened outside must not happen again for a full disk. */
  async function insist<T>(settle: () => Promise<T>): Promise<T> {
    for (let waitMs = settleRetryMsFirst; ; waitMs = Math.min(settleRetryMsMax, waitMs * 2)) {
      try {
        return await settle();
      } catch (error) {
        if (ending.aborted) throw error;
        log.warn('an event could not be settled yet', { error: String(error) });
        await delay(wall, waitMs, ending);
      }
    }
  }

  return deliver;
}
