// Answers that are a stream of events (Lambda InvokeWithResponseStream, Logs StartLiveTail, Kinesis SubscribeToShard), in the
// framing application/vnd.amazon.eventstream: lengths, checksums, typed headers, payload.

import { Readable } from 'node:stream';
import { crc32 } from '../base/crc32.ts';
import { ServiceError } from '../base/errors.ts';
import type { Member, StructureShape } from './model.ts';

export const eventStreamType = 'application/vnd.amazon.eventstream';

/** How a protocol writes what is inside one event. */
export interface EventFormat {
  readonly contentType: string;
  /** These members of a structure as one document. */
  write(members: readonly Member[], value: Readonly<Record<string, unknown>>): Uint8Array;
}

export type EventHeaders = Readonly<Record<string, unknown>>;

/** The member of an output that is a stream of events, if it has one. */
export function eventStreamMember(shape: StructureShape | undefined): (Member & { readonly target: StructureShape }) | undefined {
  return shape?.members.find((member): member is Member & { readonly target: StructureShape } => member.target.kind === 'structure' && member.target.eventStream);
}

/**
 * The body of a streamed answer. `events` yields objects with one member each, as the SDK's types say. A ServiceError thrown by
 * it becomes the stream's last message; `first` is the initial response of the RPC protocols.
 */
export function eventStreamBody(stream: StructureShape, events: AsyncIterable<unknown>, format: EventFormat, first?: Uint8Array): Readable {
  return Readable.from(encodeEvents(stream, events, format, first), { objectMode: false });
}

async function* encodeEvents(stream: StructureShape, events: AsyncIterable<unknown>, format: EventFormat, first: Uint8Array | undefined): AsyncGenerator<Buffer> {
  if (first) yield encodeMessage({ ':message-type': 'event', ':event-type': 'initial-response', ':content-type': format.contentType }, first);
  try {
    for await (const event of events) {
      const message = encodeEvent(stream, event as Readonly<Record<string, unknown>>, format);
      if (message) yield message;
    }
  } catch (error) {
    // Anything else is a bug: the connection breaks off, as it must when half an answer has been sent.
    if (!(error instanceof ServiceError)) throw error;
    yield encodeFailure(stream, error, format);
  }
}

function encodeEvent(stream: StructureShape, event: Readonly<Record<string, unknown>>, format: EventFormat): Buffer | undefined {
  for (const { name, target } of stream.members) {
    const value = event[name];
    if (value === undefined || value === null || target.kind !== 'structure') continue;
    const source = value as Readonly<Record<string, unknown>>;
    const headers: Record<string, unknown> = { ':message-type': 'event', ':event-type': name };
    for (const member of target.members) if (member.eventHeader && source[member.name] !== undefined) headers[member.name] = source[member.name];
    const payload = target.members.find((member) => member.eventPayload);
    const [contentType, bytes] = payload ? payloadOf(payload, source[payload.name], format) : documentOf(target, source, format);
    return encodeMessage({ ...headers, ':content-type': contentType }, bytes);
  }
  return undefined;
}

function payloadOf({ target }: Member, value: unknown, format: EventFormat): [contentType: string, bytes: Uint8Array] {
  if (target.kind === 'structure') return [format.contentType, format.write(target.members, (value ?? {}) as Readonly<Record<string, unknown>>)];
  if (value instanceof Uint8Array) return ['application/octet-stream', value];
  return ['text/plain', Buffer.from(value === undefined || value === null ? '' : String(value))];
}

function documentOf(shape: StructureShape, value: Readonly<Record<string, unknown>>, format: EventFormat): [contentType: string, bytes: Uint8Array] {
  return [format.contentType, format.write(shape.members.filter((member) => !member.eventHeader), value)];
}

function encodeFailure(stream: StructureShape, error: ServiceError, format: EventFormat): Buffer {
  const member = stream.members.find(({ target }) => target.kind === 'structure' && target.name === error.code);
  if (!member || member.target.kind !== 'structure') {
    return encodeMessage({ ':message-type': 'error', ':error-code': error.code, ':error-message': error.message }, Buffer.alloc(0));
  }
  const messages = Object.fromEntries(member.target.members.filter(({ name }) => name.toLowerCase() === 'message').map(({ name }) => [name, error.message]));
  return encodeMessage(
    { ':message-type': 'exception', ':exception-type': member.name, ':content-type': format.contentType },
    format.write(member.target.members, { ...messages, ...error.members }),
  );
}

/** One framed message. */
export function encodeMessage(headers: EventHeaders, payload: Uint8Array): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value)));
  const message = Buffer.alloc(12 + head.byteLength + payload.byteLength + 4);
  message.writeUInt32BE(message.byteLength, 0);
  message.writeUInt32BE(head.byteLength, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  head.copy(message, 12);
  message.set(payload, 12 + head.byteLength);
  message.writeUInt32BE(crc32(message.subarray(0, message.byteLength - 4)), message.byteLength - 4);
  return message;
}

function encodeHeader(name: string, value: unknown): Buffer {
  const key = Buffer.from(name);
  return Buffer.concat([Buffer.from([key.byteLength]), key, encodeHeaderValue(value)]);
}

function encodeHeaderValue(value: unknown): Buffer {
  if (typeof value === 'boolean') return Buffer.from([value ? 0 : 1]);
  if (typeof value === 'number') {
    const bytes = Buffer.from([4, 0, 0, 0, 0]);
    bytes.writeInt32BE(value, 1);
    return bytes;
  }
  if (value instanceof Date) {
    const bytes = Buffer.alloc(9);
    bytes.writeUInt8(8);
    bytes.writeBigInt64BE(BigInt(value.getTime()), 1);
    return bytes;
  }
  const [type, content] = value instanceof Uint8Array ? [6, Buffer.from(value)] : [7, Buffer.from(String(value))];
  const bytes = Buffer.alloc(3);
  bytes.writeUInt8(type);
  bytes.writeUInt16BE(content.byteLength, 1);
  return Buffer.concat([bytes, content]);
}
