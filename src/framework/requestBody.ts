// The body of one request: read once, whoever asks first, and freed of what it was wrapped in on its way.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ServiceError } from '../base/errors.ts';
import { awsChunkedDecoderFor, withoutAwsChunked } from '../wire/awsChunked.ts';
import { type BlobPlaces, blobPlacesOf, BlobSieve } from '../wire/blobSieve.ts';
import { BodyDecoder, declaredDigests } from '../wire/bodyDecoder.ts';
import { inflateBody, isCompressedDocument } from '../wire/inflateBody.ts';
import type { OperationModel } from '../wire/model.ts';
import type { ChunkSigner } from '../wire/sigv4.ts';
import type { ProtocolName, RequestHead } from '../wire/types.ts';
import type { BodyCheck } from './authenticate.ts';
import type { ApiRequest } from './chain.ts';
import { documentInPiecesBytesMin, pieceBytes } from './limits.ts';
import type { BoundService } from './service.ts';
import { StreamedBody } from './streamedBody.ts';

export class RequestBody {
  readonly #request: ApiRequest;
  readonly #bytesMaxDefault: number;
  #content: Promise<Uint8Array> | undefined;

  constructor(request: ApiRequest, bytesMaxDefault: number) {
    this.#request = request;
    this.#bytesMaxDefault = bytesMaxDefault;
  }

  /** The bytes as they came, within the limit of this operation. */
  read(service?: BoundService, operationName = ''): Promise<Uint8Array> {
    if (this.#content) return this.#content;
    const bytesMax = this.#bytesMax(service, operationName);
    const sent = isChunked(this.#request.head) ? withFraming(bytesMax) : bytesMax;
    this.#content = this.#request.readBody(sent, () => this.#tooLarge(service, operationName, bytesMax));
    return this.#content;
  }

  /** Compares the bytes as they came with the signature. */
  verify(received: Uint8Array, check: BodyCheck | undefined): void {
    check?.verify(createHash('sha256').update(received).digest('hex'));
  }

  /** The document or payload inside, and the head that belongs to it. Run after the signature of the bytes has been checked. */
  async decode(received: Uint8Array, about: Decoding): Promise<{ readonly head: RequestHead; readonly content: Uint8Array }> {
    const { service, operation } = about;
    const bytesMax = this.#bytesMax(service, operation?.name ?? '');
    const refuse = (): ServiceError => this.#tooLarge(service, operation?.name ?? '', bytesMax);
    let { head } = this.#request;
    if (isChunked(head) && Number(head.headers['x-amz-decoded-content-length']) > bytesMax) throw refuse();
    const chunks = awsChunkedDecoderFor(head, about.chunkSigner);
    const decoder = new BodyDecoder({ chunks, declared: declaredDigests(head, operation), verifyHash: undefined });
    const pieces = decoder.push(Buffer.from(received.buffer, received.byteOffset, received.byteLength));
    const { trailers } = decoder.finish();
    let content = received;
    if (chunks) {
      content = Buffer.concat(pieces);
      head = withoutAwsChunked(head, trailers);
    }
    if (isCompressedDocument(head, operation)) content = await inflateBody(content, bytesMax, about.protocol, refuse);
    return { head, content };
  }

  /** Where the blobs of a body are that is to be read in pieces: one that is large, and a plain document. */
  placesOfLarge({ protocol, operation }: Pick<Decoding, 'protocol' | 'operation'>): BlobPlaces | undefined {
    const { head, readPieces } = this.#request;
    const declared = head.headers['content-length'];
    if (!readPieces || !operation || this.#content || (declared !== undefined && Number(declared) < documentInPiecesBytesMin)) return undefined;
    return isEncoded(head, operation) ? undefined : blobPlacesOf(operation, protocol);
  }

  /** The document in a large body, its blobs as bytes, compared with the signature. No piece of it is held longer than it takes to take it apart. */
  async readDocument(places: BlobPlaces, { service, operation, protocol, bodyCheck }: DocumentReading): Promise<unknown> {
    const { readPieces, head } = this.#request;
    const bytesMax = this.#bytesMax(service, operation.name);
    const refuse = (): ServiceError => this.#tooLarge(service, operation.name, bytesMax);
    const hash = bodyCheck && createHash('sha256');
    const sieve = new BlobSieve({ places, protocol, bytesMax: Math.min(bytesMax, Number(head.headers['content-length'] ?? bytesMax)), tooLarge: refuse });
    await readPieces?.(bytesMax, refuse, (piece) => {
      hash?.update(piece);
      sieve.push(piece);
    });
    if (hash) bodyCheck.verify(hash.digest('hex'));
    return sieve.finish();
  }

  /**
   * The body as a stream, which nobody has begun to read. Its bytes are checked against the signature, and everything else that
   * the request says about them, while they pass.
   */
  async stream(about: Streaming): Promise<{ readonly head: RequestHead; readonly body: StreamedBody }> {
    const { service, operation, bodyCheck } = about;
    const { head } = this.#request;
    const bytesMax = this.#bytesMax(service, operation.name);
    const refuse = (): ServiceError => this.#tooLarge(service, operation.name, bytesMax);
    const chunks = awsChunkedDecoderFor(head, about.chunkSigner);
    const declared = head.headers[chunks ? 'x-amz-decoded-content-length' : 'content-length'];
    if (Number(declared) > bytesMax) throw refuse();
    // Whoever sent it is known only after all of it: rare, and bounded like any other body.
    const whole = bodyCheck?.isSenderKnown === false ? await this.read() : undefined;
    if (whole) this.verify(whole, bodyCheck);
    const body = new StreamedBody({
      open: () => this.#open(whole),
      decoder: new BodyDecoder({ chunks, declared: declaredDigests(head, operation), verifyHash: whole ? undefined : bodyCheck?.verify }),
      bytesMax: chunks ? withFraming(bytesMax) : bytesMax,
      tooLarge: refuse,
      declaredBytes: declared === undefined ? undefined : Number(declared),
    });
    return { head: chunks ? withoutAwsChunked(head, {}) : head, body };
  }

  /** The bytes as they come, nothing checked: for what is no operation. */
  openRaw(): Readable {
    return this.#open(undefined);
  }

  #open(whole: Uint8Array | undefined): Readable {
    if (!whole && this.#request.streamBody) return this.#request.streamBody();
    return Readable.from(inPieces(whole ? Promise.resolve(whole) : this.read()));
  }

  #tooLarge(service: BoundService | undefined, operationName: string, bytesMax: number): ServiceError {
    return (
      service?.tooLarge?.(operationName, bytesMax, this.#request.head) ??
      new ServiceError('RequestEntityTooLargeException', `Request must be smaller than ${bytesMax} bytes`, { status: 413 })
    );
  }

  #bytesMax(service: BoundService | undefined, operationName: string): number {
    return service?.requestBytesMax(operationName, this.#request.head) ?? this.#bytesMaxDefault;
  }
}

export interface Decoding {
  readonly protocol: ProtocolName;
  readonly service: BoundService | undefined;
  /** Undefined for forms, which name theirs in the body. */
  readonly operation: OperationModel | undefined;
  readonly chunkSigner: ChunkSigner | undefined;
}

export interface DocumentReading {
  readonly service: BoundService | undefined;
  readonly operation: OperationModel;
  readonly protocol: ProtocolName;
  readonly bodyCheck: BodyCheck | undefined;
}

export interface Streaming {
  readonly service: BoundService | undefined;
  readonly operation: OperationModel;
  readonly bodyCheck: BodyCheck | undefined;
  readonly chunkSigner: ChunkSigner | undefined;
}

/** True when the bytes of the body are not yet what the operation takes, or are to be compared with more than a signature. */
export function isEncoded(head: RequestHead, operation: OperationModel | undefined): boolean {
  return head.headers['content-encoding'] !== undefined || isChunked(head) || declaredDigests(head, operation).size > 0;
}

function isChunked(head: RequestHead): boolean {
  return head.headers['x-amz-content-sha256']?.startsWith('STREAMING-') === true;
}

// What delivers requests without streams delivers whole ones.
async function* inPieces(body: Promise<Uint8Array>): AsyncGenerator<Buffer> {
  const whole = await body;
  for (let at = 0; at < whole.byteLength; at += pieceBytes) yield Buffer.from(whole.buffer, whole.byteOffset + at, Math.min(pieceBytes, whole.byteLength - at));
}

// Chunks add their own lines: 90 bytes to 8 KB at most.
function withFraming(bytesMax: number): number {
  return bytesMax + Math.ceil(bytesMax / 64) + 8_192;
}
