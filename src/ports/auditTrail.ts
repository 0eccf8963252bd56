import type { Caller } from './identity.ts';

/** One call that a service has answered. */
export interface AuditedCall {
  readonly requestId: string;
  /** Product time. */
  readonly atMs: number;
  readonly account: string;
  readonly region: string;
  readonly caller: Caller;
  /** Undefined when nothing was signed with a key that Haneul issued. */
  readonly accessKeyId: string | undefined;
  /** As its model is named. */
  readonly service: string;
  /** What precedes `.amazonaws.com` in the service's name. */
  readonly endpointPrefix: string;
  readonly operation: string;
  /** The path in the model, which holds the version of dated interfaces. */
  readonly uri: string;
  /** The input without what the model calls sensitive, and without bodies. */
  readonly input: Readonly<Record<string, unknown>>;
  /** What was answered, in the same manner; empty for what was refused. */
  readonly output: Readonly<Record<string, unknown>>;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly sourceIp: string;
  readonly userAgent: string;
}

/** Who did what: told of every call, it keeps those that manage something. */
export interface AuditTrail {
  /** Cheap: asked for each call before anything is put together. */
  wants(service: string, operation: string): boolean;
  /** Whether the answer is kept too: it is not put together for others. */
  wantsAnswer(service: string, operation: string): boolean;
  record(call: AuditedCall): void;
}
