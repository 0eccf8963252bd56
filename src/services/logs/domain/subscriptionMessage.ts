import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { forwardedBytesMax } from '../limits.ts';

const pack = promisify(gzip);

export interface MessageHead {
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly filterName: string;
}

export interface ForwardedEvent {
  readonly id: string;
  readonly timestamp: number;
  readonly message: string;
  /** What a space-delimited pattern gives names to. */
  readonly extractedFields?: Readonly<Record<string, string>>;
}

export interface SubscriptionMessage {
  /** What a function is invoked with. */
  readonly payload: Uint8Array;
  readonly events: number;
  readonly bytes: number;
}

/**
 * The messages in which events are forwarded to a function, in their order: base64 of packed JSON.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html, "Example 2: Subscription filters with AWS Lambda"
 */
export async function packMessages({ owner, logGroup, logStream, filterName }: MessageHead, events: readonly ForwardedEvent[]): Promise<SubscriptionMessage[]> {
  const messages: SubscriptionMessage[] = [];
  let texts: string[] = [];
  let bytes = 0;
  const close = async (): Promise<void> => {
    if (texts.length === 0) return;
    const head = JSON.stringify({ messageType: 'DATA_MESSAGE', owner, logGroup, logStream, subscriptionFilters: [filterName] });
    const packed = await pack(`${head.slice(0, -1)},"logEvents":[${texts.join(',')}]}`);
    messages.push({ payload: Buffer.from(JSON.stringify({ awslogs: { data: packed.toString('base64') } })), events: texts.length, bytes: packed.length });
    texts = [];
    bytes = 0;
  };
  for (const event of events) {
    const text = JSON.stringify(event);
    const size = Buffer.byteLength(text) + 1;
    if (bytes > 0 && bytes + size > forwardedBytesMax) await close();
    texts.push(text);
    bytes += size;
  }
  await close();
  return messages;
}
