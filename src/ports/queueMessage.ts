// How services put messages into queues: by an envelope of the outbox for the queue's ARN. Its payload is the text that the receiver reads
// as Body, or, where there is more to say, what is made here.

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

// No message can begin so: the character is not allowed in one.
const mark = Buffer.from('\u0000queue-message\u0000');

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
  return Buffer.concat([mark, Buffer.from(JSON.stringify({ ...message, ...(written ? { attributes: written } : {}) }))]);
}

type WrittenAttributes = Readonly<Record<string, { readonly type: string; readonly text?: string; readonly bytes?: string }>>;

/** The message in a payload. What {@link encodeQueueMessage} has not made is a body as it is. */
export function decodeQueueMessage(payload: Uint8Array): QueueMessage {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (!bytes.subarray(0, mark.length).equals(mark)) return { body: bytes.toString('utf8') };
  const { attributes, ...message } = JSON.parse(bytes.toString('utf8', mark.length)) as QueueMessage & { readonly attributes?: WrittenAttributes };
  if (!attributes) return message;
  const read = Object.entries(attributes as WrittenAttributes).map(([name, { type, text, bytes: encoded }]): [string, QueueMessageAttribute] => [
    name,
    { type, value: text ?? Buffer.from(encoded ?? '', 'base64') },
  ]);
  return { ...message, attributes: Object.fromEntries(read) };
}
