// A response that comes in pieces: handed on where somebody takes it, gathered where it is wanted whole, and bounded either way.
import type { InvocationRequest } from '../types.ts';
import { responseBytesMax, streamedBytesMax } from '../limits.ts';
import type { ChannelAnswer } from './channel.ts';

export interface ResponseParts {
  /** How many pieces came so far. */
  readonly count: number;
  /** One more; `taken` is called when as many bytes may follow. Answers why nothing more is taken, if so. */
  add(part: Uint8Array, contentType: string | undefined, taken: () => void): ChannelAnswer | undefined;
  /** The response ended well. */
  end(): ChannelAnswer;
  /** It ended with an error of the function. */
  fail(payload: Uint8Array): ChannelAnswer;
}

/** The pieces of one response. */
export function createResponseParts({ receiver }: Pick<InvocationRequest, 'receiver'>): ResponseParts {
  let gathered: Buffer = Buffer.alloc(0);
  const bytesMax = receiver ? streamedBytesMax : responseBytesMax;
  let bytes = 0;
  let count = 0;
  let type: string | undefined;

  // Copied, so that a tiny piece does not keep the memory that it came in.
  function gather(part: Uint8Array, at: number): void {
    if (gathered.length < bytes) {
      const larger = Buffer.alloc(Math.min(bytesMax, Math.max(bytes, 2 * gathered.length)));
      larger.set(gathered.subarray(0, at));
      gathered = larger;
    }
    gathered.set(part, at);
  }

  return {
    get count() {
      return count;
    },
    add(part, contentType, taken) {
      bytes += part.length;
      if (bytes > bytesMax) return { kind: 'response-too-large', bytes };
      if (count === 0) type = contentType;
      count += 1;
      if (receiver) receiver.onPart(part, count === 1 ? contentType : undefined, taken);
      else {
        gather(part, bytes - part.length);
        taken();
      }
      return undefined;
    },
    end: () => ({ kind: 'response', payload: receiver ? Buffer.alloc(0) : gathered.subarray(0, bytes), ...(type === undefined ? {} : { contentType: type }) }),
    fail: (payload) => ({ kind: 'function-error', payload, ...(count > 0 ? { isMidStream: true } : {}) }),
  };
}
