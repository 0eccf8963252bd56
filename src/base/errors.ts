// Two kinds of failure exist. A `ServiceError` is an answer: the caller did something the service refuses, in the
// service's own words. Everything else is a bug in Haneul: it becomes a 500 and is logged with its stack.

export interface ServiceErrorOptions {
  /** HTTP status; when absent the model's `httpError` trait decides, else 400. */
  readonly status?: number;
  /** Whose fault the wire says it is; derived from the status when absent. */
  readonly fault?: 'client' | 'server';
  /** Further members of the error shape, by their wire names (`Type`, `Reason`, …). */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Further header fields of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error that a caller may see. `code` is the model's error shape name, for example `ResourceNotFoundException`. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  readonly fault: 'client' | 'server' | undefined;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(code: string, message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ServiceError';
    this.code = code;
    this.status = options.status;
    this.fault = options.fault;
    this.members = options.members ?? {};
    this.headers = options.headers;
  }
}

/** A broken invariant of our own: answered as a 500 and logged with its fields, never shown to the caller. */
export class InvariantError extends Error {
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(message: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'InvariantError';
    this.fields = fields;
  }
}

/** Throws an {@link InvariantError} when `condition` does not hold. The message is static; values go into `fields`. */
export function assert(
  condition: unknown,
  message: string,
  fields: Readonly<Record<string, unknown>> = {},
): asserts condition {
  if (!condition) throw new InvariantError(message, fields);
}

/** A message for the person at the terminal: printed as one line, without a stack, with exit code 1. */
export class UserFacingError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'UserFacingError';
    this.hint = hint;
  }
}

/** The disk is full: nothing is broken, and the same will work once there is room. */
export class NoSpaceError extends UserFacingError {
  constructor(message: string, hint?: string) {
    super(message, hint);
    this.name = 'NoSpaceError';
  }
}

/** The `code` of a Node.js system error (`ENOENT`, `EADDRINUSE`, …), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
