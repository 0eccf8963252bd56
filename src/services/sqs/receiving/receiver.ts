// Receiving: candidates from the shelf, taken in one transaction, again and again until there is something or the time is over.

import { createHash } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import type { Store } from '../../../kv/store.ts';
import { formatReceipt } from '../domain/receiptHandle.ts';
import { overLimit, queueDoesNotExist } from '../errors.ts';
import { inFlightMax, roundsMax, shelvesMax } from '../limits.ts';
import { countInFlight } from '../messages/counts.ts';
import { groupLock } from '../messages/fifo.ts';
import { findAttempt, noteAttempt } from '../messages/attempts.ts';
import type { MessageDeps } from '../messages/messageDeps.ts';
import type { SealingCaller } from '../messages/sealing.ts';
import type { StandardPlace, TakenMessage } from '../messages/standard.ts';
import { takeFromGroup } from '../messages/takeFifo.ts';
import { takeStandard } from '../messages/takeStandard.ts';
import type { Queue, QueueName } from '../queues.ts';
import type { Content, FifoRow, MessageRow, SealedContent } from '../store.ts';
import { readFifo, readStandard } from './readings.ts';
import { Shelf } from './shelf.ts';

export interface ReceiveRequest {
  readonly max: number;
  /** Absent: as the queue says. */
  readonly visibilityMs?: number | undefined;
  /** Absent: as the queue says. */
  readonly waitMs?: number | undefined;
  readonly signal: AbortSignal;
  /** FIFO queues only. */
  readonly attemptId?: string | undefined;
  /** In whose name an encrypted message is opened. */
  readonly caller?: SealingCaller | undefined;
}

export interface Received {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly content: Content;
  readonly row: MessageRow | FifoRow;
  /** FIFO queues only. */
  readonly group: string | undefined;
  readonly sequence: number | undefined;
}

type Taken = Omit<Received, 'content'> & { readonly content: Content | SealedContent };

export interface Receiver {
  receive(name: QueueName, request: ReceiveRequest): Promise<readonly Received[]>;
  /** Those who wait on these rows look again at the queue: it was purged or deleted. */
  forget(storeId: string): void;
  /** Ends all waiting; receives answer what they have. */
  close(): void;
}

export interface ReceiverDeps extends MessageDeps {
  readonly store: Store;
  readonly clock: Clock;
}

export function createReceiver(deps: ReceiverDeps): Receiver {
  const { store, clock, queues } = deps;
  const standardShelves = new Map<string, Shelf<StandardPlace>>();
  const fifoShelves = new Map<string, Shelf<string>>();
  let closed = false;

  function shelfOf<Place>(shelves: Map<string, Shelf<Place>>, storeId: string, make: () => Shelf<Place>): Shelf<Place> {
    const known = shelves.get(storeId);
    if (known) return known;
    if (shelves.size >= shelvesMax) for (const [id, shelf] of shelves) if (shelf.idle) shelves.delete(id);
    const shelf = make();
    shelves.set(storeId, shelf);
    return shelf;
  }

  async function takeOnce(queue: Queue, request: ReceiveRequest): Promise<Taken[] | 'nothing' | 'again'> {
    return queue.fifo ? takeFifo(queue, request) : takeFromStandard(queue, request);
  }

  async function takeFromStandard(queue: Queue, request: ReceiveRequest): Promise<Taken[] | 'nothing' | 'again'> {
    const shelf = standardShelf(queue);
    const candidates = await shelf.next(request.max);
    if (candidates.length === 0) return 'nothing';
    try {
      return await store.transact(async (tx) => {
        const current = await queues.find(tx, queue);
        if (!current || current.storeId !== queue.storeId) return 'again';
        const nowMs = Math.floor(clock.now());
        const options = { nowMs, visibilityMs: request.visibilityMs ?? current.visibilityMs };
        const taken = await takeStandard(tx, current, candidates.map(({ place }) => place), options, deps);
        return taken.length === 0 ? 'again' : taken.map((message) => describeStandard(current, message, nowMs));
      });
    } finally {
      shelf.release(candidates);
    }
  }

  async function takeFifo(queue: Queue, request: ReceiveRequest): Promise<Taken[] | 'nothing' | 'again'> {
    const shelf = fifoShelf(queue);
    const candidates = await shelf.next(request.max);
    let used = candidates.length;
    if (candidates.length === 0) return 'nothing';
    try {
      const locks = candidates.map(({ place }) => groupLock(queue.storeId, place));
      return await store.transact(
        async (tx) => {
          const current = await queues.find(tx, queue);
          if (!current || current.storeId !== queue.storeId) return 'again';
          const nowMs = Math.floor(clock.now());
          const visibilityMs = request.visibilityMs ?? current.visibilityMs;
          const received: Taken[] = [];
          used = 0;
          for (const { place: groupId } of candidates) {
            if (received.length >= request.max) break;
            used += 1;
            const taken = await takeFromGroup(tx, current, groupId, { nowMs, visibilityMs, max: request.max - received.length }, deps);
            for (const message of taken) received.push(describeFifo(current, groupId, message, nowMs));
          }
          if (request.attemptId !== undefined && received.length > 0) {
            await noteAttempt(tx, current.storeId, request.attemptId, received.map(({ group = '', sequence = 0, row }) => [group, sequence, row.receives] as const), nowMs);
          }
          return received.length === 0 ? 'again' : received;
        },
        { locks },
      );
    } finally {
      shelf.release(candidates, candidates.slice(used));
    }
  }

  const standardShelf = (queue: Queue): Shelf<StandardPlace> =>
    shelfOf(standardShelves, queue.storeId, () => new Shelf(store, clock, readStandard(store, queue.storeId)));
  const fifoShelf = (queue: Queue): Shelf<string> => shelfOf(fifoShelves, queue.storeId, () => new Shelf(store, clock, readFifo(store, queue.storeId)));

  async function repeatAttempt(queue: Queue, request: ReceiveRequest): Promise<Taken[] | undefined> {
    const { attemptId } = request;
    if (!queue.fifo || attemptId === undefined) return undefined;
    return store.transact(async (tx) => {
      const nowMs = Math.floor(clock.now());
      const found = await findAttempt(tx, queue.storeId, attemptId, { nowMs, visibilityMs: request.visibilityMs ?? queue.visibilityMs });
      return found?.messages.map(({ group, message }) => describeFifo(queue, group, message, found.receivedAtMs));
    });
  }

  // After the transaction, because KMS may have to be asked.
  function open(queue: Queue, taken: readonly Taken[], { caller }: ReceiveRequest): Promise<Received[]> {
    return Promise.all(
      taken.map(async ({ content, ...message }) => {
        if (!('sealed' in content)) return { ...message, content };
        const opened = await deps.sealing.open(queue, content, caller);
        return { ...message, content: opened, row: { ...message.row, md5: createHash('md5').update(opened.body).digest('hex') } };
      }),
    );
  }

  return {
    async receive(name, request) {
      const startedMs = clock.now();
      for (let round = 0; ; round += 1) {
        const queue = await queues.look(name);
        if (!queue) throw queueDoesNotExist();
        const untilMs = startedMs + (request.waitMs ?? queue.waitMs);
        const over = (): boolean => closed || clock.now() >= untilMs || request.signal.aborted;
        if (round === 0) {
          const repeated = await repeatAttempt(queue, request);
          if (repeated) return open(queue, repeated, request);
        } else if (request.signal.aborted) return [];
        const full = (await countInFlight(store, queue, Math.floor(clock.now()), inFlightMax)) >= inFlightMax;
        // Only short polls of standard queues are told (API reference, ReceiveMessage, OverLimit).
        if (full && !queue.fifo && untilMs <= startedMs) throw overLimit(inFlightMax);
        const taken = full ? 'nothing' : await takeOnce(queue, request);
        if (typeof taken !== 'string') return open(queue, taken, request);
        // What had expired, or was dead, is out of the way now; with very many of those the rest is left to the next receive.
        if (taken === 'again' && round < roundsMax && !request.signal.aborted) continue;
        if (over() || taken === 'again') return [];
        const shelf = queue.fifo ? fifoShelf(queue) : standardShelf(queue);
        await shelf.wait(untilMs, request.signal);
      }
    },
    forget(storeId) {
      for (const shelves of [standardShelves, fifoShelves]) {
        shelves.get(storeId)?.close();
        shelves.delete(storeId);
      }
    },
    close() {
      closed = true;
      for (const shelves of [standardShelves, fifoShelves]) for (const shelf of shelves.values()) shelf.close();
    },
  };
}

function describeStandard(queue: Queue, { id, row, content, visibleAtMs, order }: TakenMessage, nowMs: number): Taken {
  const { storeId } = queue;
  const receiptHandle = formatReceipt({
    kind: 'standard', queueId: queue.row.id, storeId, receives: row.receives, receivedAtMs: nowMs, visibleAtMs, order, messageId: id,
  });
  return { messageId: messageIdText(id), receiptHandle, content, row, group: row.group, sequence: undefined };
}

function describeFifo(queue: Queue, groupId: string, { id, row, content, order }: TakenMessage<FifoRow>, nowMs: number): Taken {
  const { storeId } = queue;
  const receiptHandle = formatReceipt({
    kind: 'fifo', queueId: queue.row.id, storeId, receives: row.receives, receivedAtMs: nowMs, sequence: order, groupId,
  });
  return { messageId: messageIdText(id), receiptHandle, content, row, group: groupId, sequence: order };
}

function messageIdText(id: Uint8Array): string {
  const hex = Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
