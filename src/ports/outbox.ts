import type { Transaction } from '../kv/store.ts';

/** What a sender says of an event that it tells somebody. */
export interface EnvelopeDraft {
  /** The service that tells: `s3`, `events`. */
  readonly source: string;
  /** The resource on whose behalf: the bucket, the rule. Targets check their resource policy against it. */
  readonly sourceArn?: string;
  /** The ARN to deliver to. */
  readonly target: string;
  /** Of the source. */
  readonly account: string;
  readonly region: string;
  /** In whose name the target is called: a service principal (`s3.amazonaws.com`) or the ARN of a role. */
  readonly callingPrincipal: string;
  readonly payload: Uint8Array;
  /** Events of one target with the same key are delivered one after another, in the order of their commits. */
  readonly orderingKey?: string;
  /** The X-Amzn-Trace-Id of the request that caused it: what runs at the target belongs to the same chain. */
  readonly traceHeader?: string | undefined;
  /** From now on; then it becomes a dead record. */
  readonly maximumAgeMs?: number;
  readonly maximumAttempts?: number;
}

/** An event on its way. */
export interface Envelope extends Required<Omit<EnvelopeDraft, 'sourceArn' | 'orderingKey' | 'traceHeader'>> {
  /** The same for every attempt: receivers outside the store can know a repetition by it. */
  readonly id: string;
  readonly sourceArn: string | undefined;
  readonly orderingKey: string | undefined;
  readonly traceHeader?: string | undefined;
  /** Product time. */
  readonly createdAtMs: number;
  /** How many attempts have failed. */
  readonly attempts: number;
}

/** Tells others: never awaits them, never loses what was told. */
export interface Emitter {
  /** Commits the event with whatever else `tx` does; delivered at least once after that. Returns the envelope's id. */
  emit(tx: Transaction, draft: EnvelopeDraft): string;
}

export interface Delivery {
  /**
   * Settles the envelope inside the transaction that has the effect, so that both happen or neither. False when it has been settled
   * already, by an attempt that was thought lost: then there must be no effect. A target whose effects are elsewhere leaves this alone.
   */
  acknowledge(tx: Transaction): Promise<boolean>;
  /** Aborts when the server stops or the attempt has taken longer than it may. */
  readonly signal: AbortSignal;
}

export type DeliveryResult =
  | { readonly kind: 'delivered' }
  /** Not now. Without `afterMs`, after a while that grows with each attempt. */
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number }
  /** Never: it becomes a dead record at once. */
  | { readonly kind: 'rejected'; readonly reason: string };

/** Something that events can be delivered to. */
export interface DeliveryTarget {
  /** What it throws counts as `retry`. */
  deliver(envelope: Envelope, delivery: Delivery): Promise<DeliveryResult>;
  /** How many deliveries to one ARN may be under way at once; 16 unless given. */
  readonly concurrency?: number;
  /**
   * Runs in the transaction that makes an envelope a dead record: the place to emit to a dead-letter queue or a failure destination.
   * 'handled' keeps no dead record.
   */
  giveUp?(tx: Transaction, envelope: Envelope, reason: string): Promise<'handled' | 'keep'>;
}

/** Everything that can be delivered to, by ARN; composed by the server. */
export interface TargetDirectory {
  /** Undefined when there is no such thing: the envelope becomes a dead record. */
  for(arn: string): DeliveryTarget | undefined;
}
