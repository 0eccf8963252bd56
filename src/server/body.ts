import type { IncomingMessage } from 'node:http';
import { bodyBytesInFlightMax, bodyIdleMs, requestTimeoutMs, turnBytes } from './limits.ts';

/** Why a body could not be read. `too-large` is the operation's limit, `overloaded` the whole server's; `slow` it came too slowly. */
export type BodyFailure = 'too-large' | 'overloaded' | 'aborted' | 'slow';

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

  inFlightBytes(): number {
    return this.#inFlight;
  }
}

/** Gathers the pieces of one body within its own limit and the server's. */
export class BodyCollector {
  readonly #bytesMax: number;
  readonly #budget: BodyBudget;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number, budget: BodyBudget) {
    this.#bytesMax = bytesMax;
    this.#budget = budget;
  }

  /** Answers why this piece cannot be taken, if it cannot. */
  add(piece: Buffer): BodyFailure | undefined {
    if (this.#bytes + piece.length > this.#bytesMax) return 'too-large';
    if (!this.#budget.reserve(piece.length)) return 'overloaded';
    this.#bytes += piece.length;
    this.#pieces.push(piece);
    return undefined;
  }

  /** The whole body; its bytes no longer count. */
  finish(): Buffer {
    this.#budget.release(this.#bytes);
    const [only] = this.#pieces;
    return this.#pieces.length === 1 && only ? only : Buffer.concat(this.#pieces, this.#bytes);
  }

  /** For a body that was cut off or refused. */
  discard(): void {
    this.#budget.release(this.#bytes);
    this.#pieces.length = 0;
  }
}

/** Reads a whole body of at most `bytesMax`. Rejects with a {@link BodyError}; the rest of a refused body is discarded by the caller. */
export async function readBody(request: IncomingMessage, bytesMax: number, budget: BodyBudget): Promise<Buffer> {
  const collector = new BodyCollector(bytesMax, budget);
  try {
    await takePieces(request, bytesMax, (piece) => {
      const failure = collector.add(piece);
      if (failure !== undefined) throw new BodyError(failure);
    });
  } catch (error) {
    collector.discard();
    throw error;
  }
  return collector.finish();
}

/**
 * Hands over a body of at most `bytesMax` piece by piece, and lets others have their turn in between, however fast it comes. What
 * has been received counts in `budget` for as long as the receiver may hold what it made of it: until `release`.
 */
export function piecesReader(request: IncomingMessage, budget: BodyBudget): { readonly read: (bytesMax: number, onPiece: (piece: Buffer) => void) => Promise<void>; readonly release: () => void } {
  let received = 0;
  let turn = 0;
  return {
    read: (bytesMax, onPiece) =>
      takePieces(request, bytesMax, (piece) => {
        if (received + piece.length > bytesMax) throw new BodyError('too-large');
        if (!budget.reserve(piece.length)) throw new BodyError('overloaded');
        received += piece.length;
        turn += piece.length;
        onPiece(piece);
        if (turn < turnBytes) return;
        turn = 0;
        request.pause();
        setImmediate(() => request.resume());
      }),
    release: () => budget.release(received),
  };
}

function takePieces(request: IncomingMessage, bytesMax: number, take: (piece: Buffer) => void): Promise<void> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax) return Promise.reject(new BodyError('too-large'));
  if (declared === 0 && request.headers['transfer-encoding'] === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new BodyError('slow')), requestTimeoutMs);
    const detach = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    const fail = (error: unknown): void => {
      detach();
      reject(error as Error);
    };
    const onData = (chunk: Buffer): void => {
      try {
        take(chunk);
      } catch (error) {
        fail(error);
      }
    };
    const onEnd = (): void => {
      detach();
      resolve();
    };
    const onClose = (): void => fail(new BodyError('aborted'));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** The body as it comes. However long it takes, it ends when nothing comes for a while: nobody holds a connection by sending nothing. */
export function streamBody(request: IncomingMessage): IncomingMessage {
  const { socket } = request;
  // The server destroys a connection that is idle for so long when nobody else listens (node:http, `server.timeout`).
  socket.setTimeout(bodyIdleMs);
  request.once('end', () => socket.setTimeout(0));
  return request;
}
