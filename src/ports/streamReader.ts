// What services that read streams for their users (Lambda's event source mappings, EventBridge Pipes) ask of Kinesis and of DynamoDB Streams.
// Nobody is asked for permission here: readers have checked that their user's role may read when the reading was set up.

/** A place in a shard. Readers keep it and give it back as it is. */
export type StreamPosition =
  | { readonly kind: 'trim-horizon' }
  /** After everything that is there when it is first used. */
  | { readonly kind: 'latest' }
  | { readonly kind: 'at-timestamp'; readonly timestampMs: number }
  | { readonly kind: 'after'; readonly sequenceNumber: string };

export interface StreamShard {
  readonly shardId: string;
  /** Shards whose records come before its own: one after a split, two after a merge. Those that are gone may be left out. */
  readonly parentShardIds: readonly string[];
  /** Nothing is added any more. */
  readonly isClosed: boolean;
}

interface AnyStreamRecord {
  readonly sequenceNumber: string;
  /** Records with the same key keep their order: Kinesis' partition key, the item's key of DynamoDB. */
  readonly partitionKey: string;
  /** Product time. */
  readonly arrivedAtMs: number;
}

export type StreamRecord =
  | (AnyStreamRecord & { readonly kind: 'kinesis'; readonly data: Uint8Array })
  | (AnyStreamRecord & {
      readonly kind: 'dynamodb';
      readonly eventId: string;
      readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
      /** With the names and forms of Lambda's event record: Keys, NewImage, OldImage, SequenceNumber, … */
      readonly change: Readonly<Record<string, unknown>>;
      /** For what DynamoDB itself removed. */
      readonly userIdentity?: Readonly<Record<string, string>>;
    });

export interface StreamReadRequest {
  readonly from: StreamPosition;
  readonly recordsMax: number;
  readonly bytesMax: number;
  /** How long to wait for the first record; 0 looks once. */
  readonly waitMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

export interface StreamRead {
  readonly records: readonly StreamRecord[];
  /** Where to go on: never `latest`. */
  readonly next: StreamPosition;
  /** The shard is closed and nothing comes after `next`. */
  readonly isEnd: boolean;
}

export interface StreamReader {
  /** All shards that still have records or may get some; undefined when there is no such stream. */
  listShards(streamArn: string): Promise<readonly StreamShard[] | undefined>;
  /** Waits without polling: a record that is put wakes it. Undefined when there is no such shard (any more). */
  read(streamArn: string, shardId: string, request: StreamReadRequest): Promise<StreamRead | undefined>;
}

/** By the service in the stream's ARN: `kinesis`, `dynamodb`. */
export type StreamReaders = ReadonlyMap<string, StreamReader>;
