// The body of one request: read once, whoever asks first, and freed of what it was wrapped in on its way.

import { ServiceError } from '../base/errors.ts';
import { awsChunkedDecoderFor, withoutAwsChunked } from '../wire/awsChunked.ts';
import { inflateBody, isCompressedDocument } from '../wire/inflateBody.ts';
import type { OperationModel } from '../wire/model.ts';
import type { ChunkSigner } from '../wire/sigv4.ts';
import type { ProtocolName, RequestHead } from '../wire/types.ts';
import type { ApiRequest } from './chain.ts';
import type { BoundService } from './service.ts';

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
    // Chunks add their own lines: 90 bytes to 8 KB at most.
    const sent = isChunked(this.#request.head) ? bytesMax + Math.ceil(bytesMax / 64) + 8_192 : bytesMax;
    this.#content = this.#request.readBody(sent, () => tooLarge(service, operationName, bytesMax));
    return this.#content;
  }

  /** The document or payload inside, and the head that belongs to it. Run after the signature of the bytes has been checked. */
  async decode(received: Uint8Array, about: Decoding): Promise<{ readonly head: RequestHead; readonly content: Uint8Array }> {
    const { service, operation } = about;
    const bytesMax = this.#bytesMax(service, operation?.name ?? '');
    const refuse = (): ServiceError => tooLarge(service, operation?.name ?? '', bytesMax);
    let { head } = this.#request;
    let content = received;
    if (isChunked(head)) {
      if (Number(head.headers['x-amz-decoded-content-length']) > bytesMax) throw refuse();
      const decoder = awsChunkedDecoderFor(head, about.chunkSigner);
      if (decoder) {
        content = Buffer.concat(decoder.push(Buffer.from(received.buffer, received.byteOffset, received.byteLength)));
        head = withoutAwsChunked(head, decoder.finish());
      }
    }
    if (isCompressedDocument(head, operation)) content = await inflateBody(content, bytesMax, about.protocol, refuse);
    return { head, content };
  }

  #bytesMax(service: BoundService | undefined, operationName: string): number {
    return service?.requestBytesMax(operationName) ?? this.#bytesMaxDefault;
  }
}

export interface Decoding {
  readonly protocol: ProtocolName;
  readonly service: BoundService | undefined;
  /** Undefined for forms, which name theirs in the body. */
  readonly operation: OperationModel | undefined;
  readonly chunkSigner: ChunkSigner | undefined;
}

/** True when the bytes of the body are not yet what the operation takes. */
export function isEncoded(head: RequestHead): boolean {
  return head.headers['content-encoding'] !== undefined || isChunked(head);
}

function isChunked(head: RequestHead): boolean {
  return head.headers['x-amz-content-sha256']?.startsWith('STREAMING-') === true;
}

function tooLarge(service: BoundService | undefined, operationName: string, bytesMax: number): ServiceError {
  return (
    service?.tooLarge?.(operationName, bytesMax) ??
    new ServiceError('RequestEntityTooLargeException', `Request must be smaller than ${bytesMax} bytes`, { status: 413 })
  );
}
