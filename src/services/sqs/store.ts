import { decodeCounter } from '../../kv/counter.ts';
import type { Key, ReadTransaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope } from '../../kv/table.ts';

// Visibility is an index, not a timer: a message lies under the time from which it may be received, and a receive reads up to now. What
// a queue holds lies under an id of its own that a purge replaces, so a purge and a deletion are one write, and the rows are
// removed afterwards. One table holds it all: one range to clear, one prefix to watch.
//
//   queue    account, region, name                        -> QueueRow
//   deleted  account, region, name                        -> { atMs }: the name rests for a minute
//   removal  store id                                     -> {}: what background removal still has to do
//   task     account, region, queue id, started, task id  -> MoveTaskRow
//
// Of a standard queue:
//   data     store id, 'm', lane, visible at, order, message id -> MessageRow. Lane 0: never received, lane 1: received at least once
//   data     store id, 'fair', group, visible at, order, message id -> {}: those of lane 0 that have a group, so that groups take turns
//   data     store id, 'moved', message id                -> { visibleAtMs }: where a message lies that ChangeMessageVisibility has moved
// Of a FIFO queue:
//   data     store id, 'f', group, sequence               -> FifoRow
//   data     store id, 'group', group                     -> GroupRow: only while it holds messages
//   data     store id, 'ready', ready at, head, group     -> ReadyRow: one for each group, under the time when it can be received from
//   data     queue id, 'dedup', group or '', id           -> DedupRow: a purge does not take it away
//   data     store id, 'attempt', attempt id              -> AttemptRow
//   data     store id, 'delayed', visible at, sequence    -> {}: for the count
// Of both:
//   data     store id, 'part', message id, number         -> { bytes }: of messages too long for a row
//   data     queue or store id, 'forget', at, kind, ...   -> {}: what time takes away from 'dedup' and 'attempt'
//   data     store id, 'count', kind                      -> counter: '0' and '1' for the lanes, 'f' for a FIFO queue

export interface QueueRow {
  /** Fourteen hexadecimal digits, as the store id. */
  readonly id: string;
  readonly storeId: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly purgedAtMs?: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface StoredAttribute {
  readonly type: string;
  readonly value: string | Uint8Array;
}

/** What the sender gave: inline as it is, or as the number of parts it is kept in. */
export interface Content {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, StoredAttribute>>;
}

/** Members are short: there are as many of them as there are messages. */
/** Content under a KMS key. */
export interface SealedContent {
  readonly sealed: Uint8Array;
  /** The data key, encrypted; empty for the queue's own (SSE-SQS). */
  readonly key: Uint8Array;
  /** The queue that it was encrypted for. */
  readonly of: string;
}

export interface MessageRow {
  readonly content: Content | SealedContent | number;
  readonly md5: string;
  readonly sentMs: number;
  readonly sender: string;
  readonly receives: number;
  readonly firstMs?: number;
  readonly trace?: string;
  /** The queue that it was a dead letter of. */
  readonly deadOf?: string;
  readonly group?: string;
  /** There is a `moved` row. */
  readonly moved?: true;
}

export interface FifoRow extends MessageRow {
  /** Sixteen bytes. */
  readonly id: Uint8Array;
  readonly dedupId: string;
  readonly visibleMs: number;
}

export interface GroupRow {
  readonly count: number;
  readonly lastSequence: number;
  readonly readyAtMs: number;
  readonly head: number;
  /** Sequence and end of invisibility of what is in flight: nothing else of the group is given out meanwhile. */
  readonly flight: readonly (readonly [number, number])[];
}

export interface ReadyRow {
  readonly inFlight: number;
}

export interface DedupRow {
  readonly untilMs: number;
  readonly messageId: string;
  readonly sequence: number;
}

export interface AttemptRow {
  readonly untilMs: number;
  /** Group, sequence and number of receives. */
  readonly messages: readonly (readonly [string, number, number])[];
}

export interface MoveTaskRow {
  readonly id: string;
  readonly status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
  readonly sourceArn: string;
  /** Absent: each message goes back to the queue it came from. */
  readonly destinationArn?: string;
  readonly perSecond?: number;
  readonly moved: number;
  readonly toMove: number;
  readonly startedAtMs: number;
  readonly failureReason?: string;
}

/** The tables span accounts and regions, so that background work finds everything in one range. */
export const everywhere: Scope = { account: '', region: '' };

export const queues = defineTable<QueueRow>('sqs', 'queue');
export const deletedQueues = defineTable<{ readonly atMs: number }>('sqs', 'deleted');
export const removals = defineTable<object>('sqs', 'removal');
export const moveTasks = defineTable<MoveTaskRow>('sqs', 'task');

export const messages = defineTable<MessageRow>('sqs', 'data');
export const movedMessages = defineTable<{ readonly visibleAtMs: number; readonly lane: number }>('sqs', 'data');
export const fifoMessages = defineTable<FifoRow>('sqs', 'data');
export const groups = defineTable<GroupRow>('sqs', 'data');
export const readyGroups = defineTable<ReadyRow>('sqs', 'data');
export const dedups = defineTable<DedupRow>('sqs', 'data');
export const attempts = defineTable<AttemptRow>('sqs', 'data');
export const marks = defineTable<object>('sqs', 'data');
export const parts = defineTable<{ readonly bytes: Uint8Array }>('sqs', 'data');

export type CountKind = '0' | '1' | 'f';

export function countKey(storeId: string, kind: CountKind): Key {
  return marks.key(everywhere, [storeId, 'count', kind]);
}

export async function readCount(tx: ReadTransaction, storeId: string, kind: CountKind): Promise<number> {
  const key = countKey(storeId, kind);
  return Number(decodeCounter(await tx.get(key), key));
}
