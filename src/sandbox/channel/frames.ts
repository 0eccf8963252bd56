// The frame format between the server and our bootstraps: a 32-bit big-endian body length, a type byte, the body. The reader
// faces hostile code (anything in the sandbox can write to the descriptor), so every length is bounded before it is believed.
import { errorDocumentBytesMax, helloBytesMax, outputFrameBytesMax, responseBytesMax, streamWindowBytes } from '../limits.ts';

export const frameTypes = {
  /** To the function: JSON `{ handler, runtimeVersion, variables }`. */
  init: 1,
  /** To the function: 32-bit length of a JSON header, the header, the event. */
  invoke: 2,
  /** To the function: 32-bit number of bytes of a streamed response that were taken; so many more may be sent. */
  room: 3,
  /** To a template of a snapshot: fork. */
  copy: 4,
  hello: 16,
  ready: 17,
  initError: 18,
  /** Request id and content type, each with a length byte before it, then the payload. */
  response: 19,
  error: 20,
  /** One log event, UTF-8. */
  record: 21,
  stdout: 22,
  stderr: 23,
  /** Four bytes: the exit code that follows. */
  exiting: 24,
  /** A piece of a streamed response, in the form of a response; `response` without a payload, or `error`, ends it. */
  part: 25,
} as const;

const headerBytes = 5;
/** Two length bytes, a request id and a content type of at most 255 bytes each. */
const answerHeaderBytesMax = 2 + 255 + 255;

const bodyBytesMax = new Map<number, number>([
  [frameTypes.hello, helloBytesMax],
  [frameTypes.ready, 0],
  [frameTypes.initError, errorDocumentBytesMax],
  [frameTypes.response, responseBytesMax + answerHeaderBytesMax],
  [frameTypes.error, errorDocumentBytesMax + answerHeaderBytesMax],
  [frameTypes.record, outputFrameBytesMax],
  [frameTypes.stdout, outputFrameBytesMax],
  [frameTypes.stderr, outputFrameBytesMax],
  [frameTypes.exiting, 4],
  [frameTypes.part, streamWindowBytes + answerHeaderBytesMax],
]);

export interface Frame {
  readonly type: number;
  readonly body: Buffer;
}

/** The stream cannot be understood any further. */
export class FrameError extends Error {
  readonly type: number;
  readonly bytes: number;

  constructor(message: string, type: number, bytes: number) {
    super(message);
    this.name = 'FrameError';
    this.type = type;
    this.bytes = bytes;
  }
}

/** Encodes one frame. */
export function encodeFrame(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32BE(bodyBytes, 0);
  header.writeUInt8(type, 4);
  return Buffer.concat([header, ...parts]);
}

/** Cuts a byte stream into frames. Memory is bounded by the largest allowed frame. */
export class FrameReader {
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  /** Calls `onFrame` for each frame that `chunk` completes. Throws a {@link FrameError} at an unknown type or a length out of bounds. */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    // Nearly always a chunk is one whole frame.
    if (this.#pendingBytes === 0 && chunk.length >= headerBytes && chunk.length === headerBytes + chunk.readUInt32BE(0)) {
      const type = chunk.readUInt8(4);
      requireBounds(type, chunk.length - headerBytes);
      return onFrame({ type, body: chunk.subarray(headerBytes) });
    }
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    for (;;) {
      if (this.#pendingBytes < headerBytes) return;
      const header = this.#peek(headerBytes);
      const bodyBytes = header.readUInt32BE(0);
      const type = header.readUInt8(4);
      requireBounds(type, bodyBytes);
      if (this.#pendingBytes < headerBytes + bodyBytes) return;
      onFrame({ type, body: this.#take(headerBytes + bodyBytes).subarray(headerBytes) });
    }
  }

  /** The first `count` bytes, without consuming them. */
  #peek(count: number): Buffer {
    const first = this.#pending[0];
    if (first && first.length >= count) return first;
    // A header that is cut over chunks is rare, a body of many chunks is not: join only what is needed.
    const joined: Buffer[] = [];
    let bytes = 0;
    while (bytes < count) {
      const part = this.#pending.shift();
      if (!part) break;
      joined.push(part);
      bytes += part.length;
    }
    const whole = Buffer.concat(joined);
    this.#pending.unshift(whole);
    return whole;
  }

  #take(count: number): Buffer {
    const whole = this.#peek(count);
    this.#pending.shift();
    if (whole.length > count) this.#pending.unshift(whole.subarray(count));
    this.#pendingBytes -= count;
    return whole.subarray(0, count);
  }
}

function requireBounds(type: number, bodyBytes: number): void {
  const maximum = bodyBytesMax.get(type);
  if (maximum === undefined) throw new FrameError('unknown frame type', type, bodyBytes);
  if (bodyBytes > maximum) throw new FrameError('frame too large', type, bodyBytes);
}

/** Splits an answer's body into whom it answers, its content type and the payload; undefined when it is malformed. */
export function parseAnswer(body: Buffer): { readonly requestId: string; readonly contentType: string; readonly payload: Buffer } | undefined {
  if (body.length < 1) return undefined;
  const idEnd = 1 + body.readUInt8(0);
  if (body.length < idEnd + 1) return undefined;
  const typeEnd = idEnd + 1 + body.readUInt8(idEnd);
  if (body.length < typeEnd) return undefined;
  return {
    requestId: body.toString('latin1', 1, idEnd),
    contentType: body.toString('latin1', idEnd + 1, typeEnd),
    payload: body.subarray(typeEnd),
  };
}
