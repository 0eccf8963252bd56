// What services tell CloudWatch about their users' resources. (What the program counts about itself is `base/metrics.ts`.)

/** One metric of CloudWatch: everything that tells it from others. */
export interface MetricName {
  readonly account: string;
  readonly region: string;
  /** `AWS/Lambda` and the like. */
  readonly namespace: string;
  readonly name: string;
  /** A metric with other dimensions is another metric: whoever wants a sum over all functions records that as well. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** As CloudWatch names them: `Count`, `Milliseconds`, `Percent`, `Bytes`, `None` … */
  readonly unit: string;
}

export interface MetricDatum extends MetricName {
  readonly value: number;
  /** Product time, milliseconds. */
  readonly at: number;
}

/** A metric that is recorded often: whoever keeps it pays one addition for each value. */
export interface MetricSeries {
  record(value: number, at: number): void;
}

/**
 * Takes values in, coalesces them in memory and writes them in batches, so that recording neither waits nor fails. A kill may lose the last
 * moments, as on AWS, where metrics are best effort.
 */
export interface MetricRecorder {
  record(datum: MetricDatum): void;
  series(name: MetricName): MetricSeries;
}

/** Where there is no CloudWatch: records nothing. */
export const unrecordedMetrics: MetricRecorder = {
  record: () => undefined,
  series: () => ({ record: () => undefined }),
};
