// Services that call a function for their users and need its answer: Secrets Manager's rotation is the first.

export interface FunctionInvocation {
  /** May name a version or an alias. */
  readonly functionArn: string;
  /** Who invokes, for example `secretsmanager.amazonaws.com`; the function's own policy must allow it. */
  readonly service: string;
  /** In whose name; then the policies of this role are asked, and the function's own only where it is another account's. */
  readonly roleArn?: string;
  /** The X-Amzn-Trace-Id of what caused it: the invocation belongs to the same chain. */
  readonly traceHeader?: string | undefined;
  /** The resource it acts for. */
  readonly sourceArn: string;
  readonly sourceAccount: string;
  /** The same for every attempt at one thing. */
  readonly requestId: string;
  /** JSON. */
  readonly payload: Uint8Array;
}

export type FunctionAnswer =
  /** `failed`: the function itself reported an error, which is the payload then. */
  | { readonly kind: 'answered'; readonly failed: boolean; readonly payload: Uint8Array }
  /** It did not run: not found, not allowed, throttled. `reason` is a code. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface FunctionInvoker {
  /** Invokes and waits (`RequestResponse`). Throws only for failures of the platform. */
  invoke(invocation: FunctionInvocation): Promise<FunctionAnswer>;
}
