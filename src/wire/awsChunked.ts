// `aws-chunked` bodies: data in chunks, each with a signature where the client signs, and trailers behind the last
// (S3 API reference, "Transferring payload in multiple chunks"). The decoder holds one line of framing at a time and never data.

import { createHash, type Hash } from 'node:crypto';
import { equalText } from '../base/equalText.ts';
import { ServiceError } from '../base/errors.ts';
import { type Checksum, type ChecksumName, checksumOfHeader, createChecksum, isChecksum } from './checksums.ts';
import { chunkBytesMin, chunkLineBytesMax, trailerBytesMax } from './limits.ts';
import type { ChunkSigner } from './sigv4.ts';
import type { RequestHead } from './types.ts';

export interface AwsChunkedOptions {
  /** What `x-amz-decoded-content-length` says. */
  readonly decodedBytes: number;
  /** Header names that `x-amz-trailer` announces, in lower case; undefined where the form of the body has no trailers. */
  readonly announced: readonly string[] | undefined;
  /** Verifies each chunk; undefined where chunks are unsigned, or signed with a key that nobody knows. */
  readonly signer: ChunkSigner | undefined;
  readonly isSigned: boolean;
}

type State = 'size' | 'data' | 'data-end' | 'trailers';

/** Turns the bytes of a body into its data, piece by piece. What is wrong is thrown in S3's words. */
export class AwsChunkedDecoder {
  readonly #options: AwsChunkedOptions;
  readonly #checksums = new Map<ChecksumName, Checksum>();
  #state: State = 'size';
  /** A part of a line of framing, or of the trailers. */
  #held = '';
  #left = 0;
  #lastSize = 0;
  #chunks = 0;
  #decoded = 0;
  #signature = '';
  #hash: Hash | undefined;

  constructor(options: AwsChunkedOptions) {
    this.#options = options;
    for (const name of options.announced ?? []) {
      const checksum = checksumOfHeader(name);
      if (checksum) this.#checksums.set(checksum, createChecksum(checksum));
    }
  }

  /** The data in these bytes, without copying it. */
  push(bytes: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) at = this.#state === 'data' ? this.#takeData(bytes, at, pieces) : this.#takeFraming(bytes, at);
    return pieces;
  }

  /** The trailers, once all bytes have been pushed and every signature and checksum has been found right. */
  finish(): Readonly<Record<string, string>> {
    if (this.#state !== 'trailers' || this.#decoded !== this.#options.decodedBytes) throw incompleteBody();
    const trailers = parseTrailers(this.#held);
    this.#verifyTrailers(trailers);
    delete trailers['x-amz-trailer-signature'];
    return trailers;
  }

  #takeData(bytes: Buffer, at: number, pieces: Buffer[]): number {
    const piece = bytes.subarray(at, at + this.#left);
    this.#left -= piece.length;
    this.#hash?.update(piece);
    for (const checksum of this.#checksums.values()) checksum.update(piece);
    pieces.push(piece);
    if (this.#left === 0) {
      this.#verifyChunk();
      this.#state = 'data-end';
    }
    return at + piece.length;
  }

  #takeFraming(bytes: Buffer, at: number): number {
    if (this.#state === 'trailers') {
      this.#held += bytes.toString('latin1', at);
      if (this.#held.length > trailerBytesMax) throw malformedTrailer();
      return bytes.length;
    }
    const end = bytes.indexOf(0x0a, at);
    const stop = end < 0 ? bytes.length : end + 1;
    this.#held += bytes.toString('latin1', at, Math.min(stop, at + chunkLineBytesMax + 1));
    if (this.#held.length > chunkLineBytesMax) throw malformedChunk();
    if (end < 0) return stop;
    const line = this.#held;
    this.#held = '';
    if (this.#state === 'size') this.#readSize(line);
    else if (line !== '\r\n') throw malformedChunk();
    else this.#state = 'size';
    return stop;
  }

  #readSize(line: string): void {
    const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?\r\n$/.exec(line);
    if (!match || (match[2] === undefined) === this.#options.isSigned) throw malformedChunk();
    const size = Number.parseInt(match[1] ?? '', 16);
    if (size > 0 && this.#chunks > 0 && this.#lastSize < chunkBytesMin) {
      const members = { Chunk: String(this.#chunks + 1), BadChunkSize: String(this.#lastSize) };
      throw new ServiceError('InvalidChunkSizeError', `Only the last chunk is allowed to have a size less than ${chunkBytesMin} bytes`, { status: 403, members });
    }
    this.#chunks += 1;
    this.#lastSize = size;
    this.#decoded += size;
    if (this.#decoded > this.#options.decodedBytes) throw incompleteBody();
    this.#signature = match[2] ?? '';
    this.#hash = this.#options.signer ? createHash('sha256') : undefined;
    this.#left = size;
    if (size > 0) this.#state = 'data';
    else {
      this.#verifyChunk();
      this.#state = 'trailers';
    }
  }

  #verifyChunk(): void {
    const { signer } = this.#options;
    if (!signer || !this.#hash) return;
    if (!equalText(signer.signChunk(this.#hash.digest('hex')), this.#signature)) throw signatureMismatch();
  }

  #verifyTrailers(trailers: Readonly<Record<string, string>>): void {
    const { announced, signer } = this.#options;
    const sent = Object.keys(trailers).filter((name) => name !== 'x-amz-trailer-signature');
    // What was announced but sent as a header is no trailer: clients in Java do that.
    if (sent.some((name) => !announced?.includes(name))) throw malformedTrailer();
    if (announced && signer) {
      const canonical = sent.map((name) => `${name}:${trailers[name] ?? ''}\n`).join('');
      if (!equalText(signer.signTrailers(createHash('sha256').update(canonical).digest('hex')), trailers['x-amz-trailer-signature'] ?? '')) throw signatureMismatch();
    }
    for (const [name, checksum] of this.#checksums) {
      const header = `x-amz-checksum-${name}`;
      const given = trailers[header];
      if (given === undefined) throw malformedTrailer();
      if (!isChecksum(name, given)) throw new ServiceError('InvalidRequest', `Value for ${header} trailing header is invalid.`, { status: 400 });
      if (checksum.digest() !== given) throw badDigest(name);
    }
  }
}

function parseTrailers(text: string): Record<string, string> {
  const trailers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of text.split('\n')) {
    const bare = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (bare === '') continue;
    const match = /^([A-Za-z0-9-]+)[ \t]*:[ \t]*([\x21-\x7e]*)[ \t]*$/.exec(bare);
    if (!match?.[1]) throw malformedTrailer();
    const name = match[1].toLowerCase();
    if (trailers[name] !== undefined) throw malformedTrailer();
    trailers[name] = match[2] ?? '';
  }
  return trailers;
}

/**
 * The decoder for the body of this request, or undefined when its body is no `aws-chunked` one.
 * `signer` continues the request's own signature; undefined where nobody can verify it.
 */
export function awsChunkedDecoderFor(head: RequestHead, signer: ChunkSigner | undefined): AwsChunkedDecoder | undefined {
  const form = head.headers['x-amz-content-sha256'];
  if (form === undefined || !form.startsWith('STREAMING-')) return undefined;
  if (!forms.has(form)) throw new ServiceError('InvalidRequest', 'The value of x-amz-content-sha256 header is invalid.', { status: 400 });
  const declared = head.headers['x-amz-decoded-content-length'];
  if (declared === undefined || !/^\d{1,15}$/.test(declared)) {
    throw new ServiceError('MissingContentLength', 'You must provide the Content-Length HTTP header.', { status: 411 });
  }
  const isSigned = form.startsWith('STREAMING-AWS4-HMAC-SHA256');
  const names = (head.headers['x-amz-trailer'] ?? '').toLowerCase().split(',').map((name) => name.trim()).filter((name) => name !== '');
  // A value that came as a header is not waited for.
  const announced = form.endsWith('-TRAILER') ? names.filter((name) => head.headers[name] === undefined) : undefined;
  return new AwsChunkedDecoder({ decodedBytes: Number(declared), announced, isSigned, signer: isSigned ? signer : undefined });
}

const forms = new Set(['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER']);

/** The head as it would have been without this coding: what handlers see. */
export function withoutAwsChunked(head: RequestHead, trailers: Readonly<Record<string, string>>): RequestHead {
  const headers: Record<string, string> = { ...head.headers, ...trailers, 'content-length': head.headers['x-amz-decoded-content-length'] ?? '' };
  const rest = (headers['content-encoding'] ?? '').split(',').map((coding) => coding.trim()).filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked');
  if (rest.length > 0) headers['content-encoding'] = rest.join(', ');
  else delete headers['content-encoding'];
  return { ...head, headers };
}

// S3 API reference, "Error responses".
function incompleteBody(): ServiceError {
  return new ServiceError('IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header', { status: 400 });
}

function malformedChunk(): ServiceError {
  return new ServiceError('InvalidRequest', 'The body is not in the aws-chunked form that its headers announce.', { status: 400 });
}

function malformedTrailer(): ServiceError {
  return new ServiceError('MalformedTrailerError', 'The request contained trailing data that was not well-formed or did not conform to our published schema.', { status: 400 });
}

/** A checksum that the client sent is not that of the data. */
export function badDigest(name: ChecksumName): ServiceError {
  return new ServiceError('BadDigest', `The ${name.toUpperCase()} you specified did not match the calculated checksum.`, { status: 400 });
}

function signatureMismatch(): ServiceError {
  const message = 'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  return new ServiceError('SignatureDoesNotMatch', message, { status: 403 });
}
