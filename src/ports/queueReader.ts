// What services that read queues for their users (Lambda's event source mappings, EventBridge Pipes) ask of SQS. Nobody is asked for
// permission here: they have checked that their user's role may receive, delete and change visibility when the reading was set up.

export interface QueueDescription {
  readonly fifo: boolean;
  readonly visibilityTimeoutSeconds: number;
  /** Absent without a dead-letter queue. */
  readonly maxReceiveCount?: number;
}

export interface QueueReceive {
  /** 1 to 10, as in the API. */
  readonly maxMessages: number;
  /** How long to wait for the first message; 0 looks once. */
  readonly waitMs: number;
  /** The queue's own when absent. */
  readonly visibilityTimeoutSeconds?: number;
  /** Ends the waiting; what has been received by then is answered. */
  readonly signal: AbortSignal;
}

/** With the names and forms of Lambda's event record. */
export interface QueueRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  /** Every system attribute: SentTimestamp, ApproximateReceiveCount, MessageGroupId, … */
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, QueueRecordAttribute>>;
  readonly md5OfMessageAttributes?: string;
}

export interface QueueRecordAttribute {
  readonly dataType: string;
  readonly stringValue?: string;
  /** In base64. */
  readonly binaryValue?: string;
}

export interface QueueReader {
  /** Undefined when there is no such queue. */
  describe(queueArn: string): Promise<QueueDescription | undefined>;
  /** Waits without polling: a message that is sent wakes it. Undefined when there is no such queue (any more). */
  receive(queueArn: string, request: QueueReceive): Promise<readonly QueueRecord[] | undefined>;
  /** Deletes what was received, any number; answers the handles that could not be used (a FIFO message whose time was over). */
  delete(queueArn: string, receiptHandles: readonly string[]): Promise<readonly string[]>;
  /** Makes messages visible again after so many seconds, 0 at once; answers the handles that could not be used. */
  changeVisibility(queueArn: string, receiptHandles: readonly string[], visibilityTimeoutSeconds: number): Promise<readonly string[]>;
}
