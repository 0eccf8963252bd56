import { Readable } from 'node:stream';
import { assert, ServiceError } from '../base/errors.ts';
import type { BodyDecoder, DecodedBody, DigestName } from '../wire/bodyDecoder.ts';

export interface StreamedBodyOptions {
  /** Opens the body as it comes; called when somebody reads, which is also when a waiting client is told to send. */
  readonly open: () => Readable;
  readonly decoder: BodyDecoder;
  /** Bytes as they come, framing included; beyond them `tooLarge` is thrown. */
  readonly bytesMax: number;
  readonly tooLarge: () => ServiceError;
  /** Bytes of the data, as far as the client has said. */
  readonly declaredBytes: number | undefined;
}

/**
 * The body of a request as its operation receives it: data that can be read once, at the reader's own pace. It ends only after
 * everything about it has been found right (length, signatures, checksums), and fails otherwise: whoever keeps what was read must
 * wait for the end. An operation that has such a body reads all of it, or throws.
 */
export class StreamedBody extends Readable {
  /** Undefined when the client has not said. */
  readonly declaredBytes: number | undefined;
  readonly #options: StreamedBodyOptions;
  #source: Readable | undefined;
  #received = 0;
  #decoded: DecodedBody | undefined;

  constructor(options: StreamedBodyOptions) {
    super();
    this.#options = options;
    this.declaredBytes = options.declaredBytes;
    // A reader that has gone away already is told nothing; without a listener its error would end the process.
    this.on('error', () => undefined);
  }

  /** Computes a digest along the way; to be called before anything is read. */
  compute(name: DigestName): void {
    assert(this.#source === undefined, 'a digest was asked for after reading had begun', { name });
    this.#options.decoder.compute(name);
  }

  /** True once all of it has been read and found right. */
  isVerified(): boolean {
    return this.#decoded !== undefined;
  }

  /** Header fields that came behind the data, names in lower case. Only after the end. */
  get trailers(): DecodedBody['trailers'] {
    return this.#ended().trailers;
  }

  /** Base64: the digests that the client sent, which are right, and those that `compute` asked for. Only after the end. */
  get digests(): DecodedBody['digests'] {
    return this.#ended().digests;
  }

  override _read(): void {
    if (this.#source) return void this.#source.resume();
    this.#source = this.#options.open();
    this.#source.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onError);
  }

  // The source stays: an answer goes out on the same connection, and the listener decides what becomes of the rest.
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source?.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    if (!this.isVerified()) this.#source?.pause();
    done(error);
  }

  readonly #onData = (bytes: Buffer): void => {
    try {
      this.#received += bytes.length;
      if (this.#received > this.#options.bytesMax) throw this.#options.tooLarge();
      let wantsMore = true;
      for (const piece of this.#options.decoder.push(bytes)) if (piece.length > 0) wantsMore = this.push(piece);
      if (!wantsMore) this.#source?.pause();
    } catch (error) {
      this.destroy(error as Error);
    }
  };

  readonly #onEnd = (): void => {
    try {
      this.#decoded = this.#options.decoder.finish();
      this.push(null);
    } catch (error) {
      this.destroy(error as Error);
    }
  };

  readonly #onClose = (): void => {
    if (!this.isVerified()) this.destroy(cutOff());
  };

  readonly #onError = (error: Error): void => void this.destroy(error instanceof ServiceError ? error : cutOff());

  #ended(): DecodedBody {
    assert(this.#decoded, 'what follows a body was asked for before its end');
    return this.#decoded;
  }
}

function cutOff(): ServiceError {
  return new ServiceError('RequestAborted', 'The request ended before its body was complete.', { status: 400 });
}
