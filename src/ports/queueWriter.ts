// For services that put messages into queues as part of a change of their own: one transaction instead of an envelope for each queue.

import type { Transaction } from '../kv/store.ts';
import type { QueueMessage } from './queueMessage.ts';

export interface QueueWrite {
  readonly queueArn: string;
  readonly message: QueueMessage;
  /** Who sends, for example `sns.amazonaws.com`; the queue's own policy must let it in. */
  readonly service: string;
  /** The resource it acts for. */
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

/** A message that may be put into its queue. */
export interface PreparedWrite {
  /** To be held by the transaction that puts. */
  readonly locks: readonly string[];
  /** Puts the message as part of `tx`. False when the queue has changed since: then nothing was put, and it has to be prepared again. */
  put(tx: Transaction): Promise<boolean>;
}

export type QueueWriteResult =
  | { readonly kind: 'ready'; readonly write: PreparedWrite }
  /** Never: there is no such queue, its policy does not let the sender in, or the message does not fit it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Not now: a key cannot be used at present. */
  | { readonly kind: 'later'; readonly reason: string };

export interface QueueWriter {
  /** Everything that cannot be done inside a transaction: the queue's policy, its keys. */
  prepare(write: QueueWrite): Promise<QueueWriteResult>;
}
