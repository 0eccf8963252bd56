import type { FunctionAccess } from '../../ports/functionAccess.ts';

/** Whether S3 may send to a destination of this ARN: undefined when it may, else why not, in S3's words. */
export interface NotificationTargets {
  readonly functions: FunctionAccess;
  /** Other kinds of destination by the service of their ARN (`sqs`, `sns`). */
  readonly others: ReadonlyMap<string, (question: DestinationQuestion) => Promise<DestinationVerdict>>;
}

export interface DestinationQuestion {
  readonly arn: string;
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

export type DestinationVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'absent' }
  /** `remedy` is the command that would allow it: for the server's log. */
  | { readonly kind: 'denied'; readonly remedy?: string };
