// How services publish to topics for their users: by an envelope of the outbox for the topic's ARN. Its payload is the text of the message,
// or, where there is more to say, what is made here.

export interface TopicMessage {
  readonly message: string;
  readonly subject?: string;
  readonly attributes?: Readonly<Record<string, { readonly type: string; readonly value: string }>>;
  /** FIFO topics need one. */
  readonly groupId?: string;
  /** For FIFO topics; without it the topic must deduplicate by content. */
  readonly deduplicationId?: string;
}

// No message can begin so.
const mark = Buffer.from('\u0000topic-message\u0000');

/**
 * The payload of an envelope (`EnvelopeDraft.payload`) that is published to a topic. Its `callingPrincipal` must be let in by the topic's
 * policy (a service, with aws:SourceArn and aws:SourceAccount of the envelope) or by its own (the ARN of a role).
 */
export function encodeTopicMessage(message: TopicMessage): Uint8Array {
  return Buffer.concat([mark, Buffer.from(JSON.stringify(message))]);
}

/** The message in a payload. What {@link encodeTopicMessage} has not made is a text as it is. */
export function decodeTopicMessage(payload: Uint8Array): TopicMessage {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (!bytes.subarray(0, mark.length).equals(mark)) return { message: bytes.toString('utf8') };
  return JSON.parse(bytes.toString('utf8', mark.length)) as TopicMessage;
}
