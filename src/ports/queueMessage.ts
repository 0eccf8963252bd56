// How services put messages into queues: by an envelope of the outbox for the queue's ARN, whose payload is made here.

/** As in the API of SQS: a type, and text or bytes. */
export interface QueueMessageAttribute {
  /** `String`, `Number` or `Binary`, with a label of the sender's after a dot if it likes. */
  readonly type: string;
  readonly value: string | Uint8Array;
}

export interface QueueMessage {
  /** What the receiver reads as Body. */
  readonly body: string;
  /** FIFO queues need one; on standard queues it makes the queue fair. */
  readonly groupId?: string;
  /** For FIFO queues; without it the queue must deduplicate by content. */
  readonly deduplicationId?: string;
  /** SNS with raw message delivery, and dead-letter queues of Lambda, send some. */
  readonly attributes?: Readonly<Record<string, QueueMessageAttribute>>;
  /** The AWSTraceHeader of the message. */
  readonly traceHeader?: string;
}

/**
 * The payload of an envelope (`EnvelopeDraft.payload`) that is delivered to a queue. Its `callingPrincipal` must be let in by the queue's
 * policy (a service, with aws:SourceArn and aws:SourceAccount of the envelope) or by its own (the ARN of a role). Give it an `orderingKey`,
 * the group id, when the order of several such messages matters.
 */
export function encodeQueueMessage({ attributes, ...message }: QueueMessage): Uint8Array {
  const written =
    attributes &&
    Object.fromEntries(
      Object.entries(attributes).map(([name, { type, value }]) => [name, typeof value === 'string' ? { type, text: value } : { type, bytes: Buffer.from(value).toString('base64') }]),
    );
  return Buffer.from(JSON.stringify({ ...message, ...(written ? { attributes: written } : {}) }));
}

/** Undefined for what {@link encodeQueueMessage} has not made. */
export function decodeQueueMessage(payload: Uint8Array): QueueMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('body' in value) || typeof value.body !== 'string') return undefined;
  const { attributes, ...message } = value as QueueMessage & { readonly attributes?: Record<string, { type: string; text?: string; bytes?: string }> };
  if (!attributes) return message;
  const read = Object.entries(attributes as Record<string, { type: string; text?: string; bytes?: string }>).map(
    ([name, { type, text, bytes }]): [string, QueueMessageAttribute] => [name, { type, value: text ?? Buffer.from(bytes ?? '', 'base64') }],
  );
  return { ...message, attributes: Object.fromEntries(read) };
}
