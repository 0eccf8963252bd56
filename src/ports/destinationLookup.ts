// What services that deliver to others in the name of a role ask when such a destination is set: topics, event buses, buckets.

export interface FoundDestination {
  /** A FIFO topic, where only others will do. */
  readonly fifo: boolean;
}

/** Undefined when there is no such place. */
export type FindDestination = (arn: string) => Promise<FoundDestination | undefined>;

/** By the service in the ARN: `s3`, `sns`, `events`. What is missing here does not exist on this server. */
export type Destinations = ReadonlyMap<string, FindDestination>;
