export interface LogEvent {
  /** Product time, milliseconds. */
  readonly timestampMs: number;
  readonly message: string;
}

export interface LogTarget {
  readonly account: string;
  readonly region: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** Where functions' output goes. Group and stream are made on first use. Appending never blocks an invocation. */
export interface LogSink {
  /** Queues events; they are written in batches (within 100 ms or 64 KB). A kill may lose that window (design.md §7). */
  append(target: LogTarget, events: readonly LogEvent[]): void;
  /** Resolves when everything queued so far is durable. */
  flush(): Promise<void>;
}
