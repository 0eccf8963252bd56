import type { Logger } from '../base/log.ts';
import type { Caller } from '../ports/identity.ts';
import type { RequestHead } from '../wire/types.ts';

/** Everything a handler may know about the call it serves, besides its typed input. */
export interface Call {
  readonly requestId: string;
  readonly account: string;
  readonly region: string;
  readonly caller: Caller;
  /** The key that the request was signed with, if Haneul issued it: tells sessions of one name apart. */
  readonly accessKeyId?: string | undefined;
  /** Product time at the start of the request, milliseconds. */
  readonly nowMs: number;
  /** Aborts when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** The base address the client used, for example `http://127.0.0.1:4566`: for URLs in answers. */
  readonly endpoint: string;
  readonly sourceIp: string;
  readonly head: RequestHead;
  /**
   * Asks for permission that is needed only now that more is known, in the caller's name; throws the service's access-denied error.
   * What the input alone tells belongs to the operation's `access`.
   */
  readonly authorise: (access: AccessRequest | readonly AccessRequest[]) => Promise<void>;
  /** The same question where the answer is not a refusal: whether a missing object may be told from a forbidden one. */
  readonly permits: (access: AccessRequest) => Promise<boolean>;
}

/** What one operation needs permission for: checked after constraints and before the handler runs. */
export interface AccessRequest {
  /** As IAM names it, for example `lambda:InvokeFunction`. */
  readonly action: string;
  /** An ARN, or `*` for actions without resource-level permissions. */
  readonly resource: string;
  /** Service-specific condition keys, for example `{ 'iam:PassedToService': 'lambda.amazonaws.com' }`. */
  readonly conditions?: Readonly<Record<string, string | readonly string[]>>;
  /** Whose the resource is, where its ARN does not tell: S3's. */
  readonly resourceAccount?: string;
  /** The resource's own policy, JSON text, where the service has one: it can allow callers of other accounts. */
  readonly resourcePolicy?: string;
  /** The resource's own policy must allow even callers of its own account, who elsewhere get by with theirs: a role's trust policy. */
  readonly resourcePolicyRequired?: true;
}
