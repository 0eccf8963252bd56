import type { Readable } from 'node:stream';
import type { RequestHead } from '../wire/types.ts';

/** One request as it arrived, whichever parser read it. */
export interface Arrival {
  readonly head: RequestHead;
  readonly sourceIp: string;
  /** Aborts when the client goes away before the answer is complete. */
  readonly signal: AbortSignal;
  /** The whole body. Rejects with a `BodyError`; called at most once, and what it leaves unread is discarded after the answer. */
  readBody(bytesMax: number): Promise<Uint8Array>;
  /** The same piece by piece, none of it kept here; what has come counts against the budget until the answer. Only by node:http. */
  readonly readPieces?: (bytesMax: number, onPiece: (piece: Buffer) => void) => Promise<void>;
  /** The body as it comes, instead; only by node:http. */
  readonly stream?: () => Readable;
}
