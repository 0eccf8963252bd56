// Operations of services that this server has, called inside of it by services that act for their users in a role: EventBridge Scheduler's
// universal targets.

export interface ApiOperation {
  /** As SDKs name the service, in small letters: `sqs`, `eventbridge`, `cloudwatchlogs`. */
  readonly service: string;
  /** As SDKs name the operation: `sendMessage`. */
  readonly action: string;
}

export interface RoleCall extends ApiOperation {
  /** JSON, with the members of the API. */
  readonly input: string;
  readonly roleArn: string;
  readonly account: string;
  readonly region: string;
  readonly signal: AbortSignal;
}

export type RoleCallResult = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly retryable: boolean };

export interface ApiCaller {
  /** Whether there is such an operation, and it works without a body that streams. */
  has(operation: ApiOperation): boolean;
  /** Parses, checks, asks the role's policies and runs it. Throws only for failures of the platform. */
  call(call: RoleCall): Promise<RoleCallResult>;
}
