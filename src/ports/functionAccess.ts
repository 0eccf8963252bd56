// What services that invoke functions for their users (S3 notifications, API Gateway, SNS, EventBridge …) ask first.

export interface FunctionAccessQuestion {
  /** May name a version or an alias. */
  readonly functionArn: string;
  /** Who would invoke, for example `s3.amazonaws.com`. */
  readonly service: string;
  /** The resource it acts for: the bucket, the API's stage and method, the rule. */
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
  /** Only for Alexa skills. */
  readonly eventSourceToken?: string;
}

export type FunctionAccessVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'no-such-function' }
  /** `remedy` is the command that would allow it: for the server's log, not for the caller. */
  | { readonly kind: 'denied'; readonly remedy: string };

/** Asked when a trigger is set up, and again before every invocation. */
export interface FunctionAccess {
  /** Whether a service may invoke a function for one of its resources: only the function's own policy can say so. */
  mayInvoke(question: FunctionAccessQuestion): Promise<FunctionAccessVerdict>;
}
