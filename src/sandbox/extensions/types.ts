// What the rest of the sandbox and Lambda know of extensions (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html).

/** What extensions are told of the function when they register. */
export interface FunctionFacts {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly handler: string;
  readonly accountId: string;
}

export type ShutdownReason = 'spindown' | 'timeout' | 'failure';

/** An extension ended, or said that it cannot go on: the environment ends with it. */
export interface ExtensionFailure {
  /** `Extension.Crash`, `Extension.LaunchError`, or what the extension itself named. */
  readonly errorType: string;
  readonly text: string;
}

/** One event of the Telemetry API's schema. */
export interface TelemetryEvent {
  /** Of the platform: `platform.start` and the like. */
  readonly type: string;
  /** Wall time. */
  readonly atMs: number;
  readonly record: unknown;
}
