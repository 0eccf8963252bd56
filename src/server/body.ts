import type { IncomingMessage } from 'node:http';
import { bodyBytesInFlightMax } from './limits.ts';

/** Why a body could not be read. `too-large` is the operation's limit, `overloaded` the whole server's. */
export type BodyFailure = 'too-large' | 'overloaded' | 'aborted';

export class BodyError extends Error {
  readonly failure: BodyFailure;

  constructor(failure: BodyFailure) {
    super(failure);
    this.name = 'BodyError';
    this.failure = failure;
  }
}

/** Counts the bytes of all bodies in memory, so that many large uploads at once end in a 503 and not in a crash. */
export class BodyBudget {
  readonly #bytesMax: number;
  readonly #whole: BodyBudget | undefined;
  #inFlight = 0;

  /** With `whole`, a part of another budget: what it takes counts in both. */
  constructor(bytesMax = bodyBytesInFlightMax, whole?: BodyBudget) {
    this.#bytesMax = bytesMax;
    this.#whole = whole;
  }

  reserve(bytes: number): boolean {
    if (this.#inFlight + bytes > this.#bytesMax || this.#whole?.reserve(bytes) === false) return false;
    this.#inFlight += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#inFlight -= bytes;
    this.#whole?.release(bytes);
  }
}

/** Reads a whole body of at most `bytesMax`. Rejects with a {@link BodyError}; the rest of a refused body is discarded by the caller. */
export function readBody(request: IncomingMessage, bytesMax: number, budget: BodyBudget): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax) return Promise.reject(new BodyError('too-large'));
  if (declared === 0 && request.headers['transfer-encoding'] === undefined) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (settle: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      budget.release(bytes);
      settle();
    };
    const onData = (chunk: Buffer): void => {
      if (bytes + chunk.length > bytesMax) return finish(() => reject(new BodyError('too-large')));
      if (!budget.reserve(chunk.length)) return finish(() => reject(new BodyError('overloaded')));
      bytes += chunk.length;
      chunks.push(chunk);
    };
    const onEnd = (): void => finish(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes)));
    const onClose = (): void => finish(() => reject(new BodyError('aborted')));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
