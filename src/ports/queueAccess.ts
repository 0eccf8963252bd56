// What services that send to queues for their users (S3 notifications, SNS subscriptions, EventBridge targets …) ask when that is set up.

export interface QueueAccessQuestion {
  readonly arn: string;
  /** Who would send, for example `s3.amazonaws.com`. */
  readonly service: string;
  /** The resource it acts for: the bucket, the topic, the rule. */
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
}

export type QueueAccessVerdict =
  /** Messages for a FIFO queue need a group. */
  | { readonly kind: 'allowed'; readonly fifo: boolean }
  | { readonly kind: 'absent' }
  /** `remedy` is the command that would allow it: for the server's log, not for the caller. */
  | { readonly kind: 'denied'; readonly remedy: string };

/** Asked when a destination is set up; every delivery (ports/outbox.ts) is judged anew. */
export interface QueueAccess {
  /** Whether a service may send to a queue for one of its resources: only the queue's own policy can say so. */
  maySend(question: QueueAccessQuestion): Promise<QueueAccessVerdict>;
}
