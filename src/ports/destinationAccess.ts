// What services that send events for their users (S3 notifications, EventBridge rules …) ask of queues, topics and buses first.

export interface DestinationQuestion {
  readonly arn: string;
  /** Who would send, for example `s3.amazonaws.com`. */
  readonly service: string;
  /** The resource it acts for. */
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

export type DestinationVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'absent' }
  /** `remedy` is the command that would allow it: for the server's log, not for the caller. */
  | { readonly kind: 'denied'; readonly remedy: string };

/** Whether a service may send to a destination for one of its resources. */
export type DestinationAccess = (question: DestinationQuestion) => Promise<DestinationVerdict>;
