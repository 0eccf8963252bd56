import type { RequestHead } from '../../wire/types.ts';
import type { Arrival } from '../arrival.ts';
import { type BodyBudget, BodyCollector, BodyError, type BodyFailure } from '../body.ts';
import type { FastRequest } from './readHead.ts';

const nothing = Buffer.alloc(0);

/** A request of the fast path as the server sees it. */
export class FastArrival implements Arrival {
  readonly head: RequestHead;
  readonly sourceIp: string;
  /** Bytes of the body that have not arrived. */
  missing: number;
  readonly #bodyBytes: number;
  readonly #budget: BodyBudget;
  readonly #pull: () => void;
  #whole: Buffer | undefined;
  #collector: BodyCollector | undefined;
  #settleBody: { resolve(body: Buffer): void; reject(error: BodyError): void } | undefined;
  #abort: AbortController | undefined;
  #aborted = false;

  /** `pull` is called when the body is wanted and has not all been taken. */
  constructor({ head, bodyBytes }: FastRequest, sourceIp: string, budget: BodyBudget, pull: () => void) {
    this.head = head;
    this.sourceIp = sourceIp;
    this.missing = bodyBytes;
    this.#bodyBytes = bodyBytes;
    this.#budget = budget;
    this.#pull = pull;
    if (bodyBytes === 0) this.#whole = nothing;
  }

  // Made only when somebody asks: most invocations never do.
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#aborted) this.#abort.abort(new Error('the client went away'));
    return this.#abort.signal;
  }

  readBody(bytesMax: number): Promise<Uint8Array> {
    if (this.#bodyBytes > bytesMax) return Promise.reject(new BodyError('too-large'));
    if (this.#whole) return Promise.resolve(this.#whole);
    if (this.#aborted) return Promise.reject(new BodyError('aborted'));
    this.#collector = new BodyCollector(bytesMax, this.#budget);
    return new Promise((resolve, reject) => {
      this.#settleBody = { resolve, reject };
      this.#pull();
    });
  }

  isReading(): boolean {
    return this.#settleBody !== undefined;
  }

  /** Takes what belongs to this body from the start of `bytes`, and answers how much that was. */
  take(bytes: Buffer): number {
    const piece = bytes.length > this.missing ? bytes.subarray(0, this.missing) : bytes;
    this.missing -= piece.length;
    if (this.#settleBody === undefined) {
      if (piece.length === this.#bodyBytes) this.#whole = piece;
      return piece.length;
    }
    const failure = this.#collector?.add(piece);
    if (failure !== undefined) this.#fail(failure);
    else if (this.missing === 0) {
      const { resolve } = this.#settleBody;
      this.#settleBody = undefined;
      resolve(this.#collector?.finish() ?? nothing);
    }
    return piece.length;
  }

  /** The answer has been given: whatever was still read is of no use. */
  settle(): void {
    this.#fail('aborted');
  }

  abort(): void {
    this.#aborted = true;
    this.#fail('aborted');
    this.#abort?.abort(new Error('the client went away'));
  }

  #fail(failure: BodyFailure): void {
    if (this.#settleBody === undefined) return;
    const { reject } = this.#settleBody;
    this.#settleBody = undefined;
    this.#collector?.discard();
    reject(new BodyError(failure));
  }
}
