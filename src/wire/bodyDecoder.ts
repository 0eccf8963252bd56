// A body on its way in, piece by piece: out of its `aws-chunked` form, and compared with everything that the request says about it.

import { createHash, type Hash } from 'node:crypto';
import { ServiceError } from '../base/errors.ts';
import { type AwsChunkedDecoder, badDigest } from './awsChunked.ts';
import { type Checksum, checksumNames, type ChecksumName, createChecksum, isChecksum } from './checksums.ts';
import type { OperationModel } from './model.ts';
import type { RequestHead } from './types.ts';

export type DigestName = ChecksumName | 'md5';

export interface BodyDecoderOptions {
  readonly chunks: AwsChunkedDecoder | undefined;
  /** What the head says about the data: see {@link declaredDigests}. */
  readonly declared: ReadonlyMap<DigestName, string>;
  /** Called with the hex SHA-256 of the bytes as they came; throws when it is not the signed one. */
  readonly verifyHash: ((sha256: string) => void) | undefined;
}

export interface DecodedBody {
  /** Header fields that came behind the body, names in lower case. */
  readonly trailers: Readonly<Record<string, string>>;
  /** Base64: those that the client sent, which are right, and those asked for by `compute`. */
  readonly digests: Readonly<Partial<Record<DigestName, string>>>;
}

export class BodyDecoder {
  readonly #options: BodyDecoderOptions;
  readonly #hash: Hash | undefined;
  readonly #digests = new Map<DigestName, Checksum>();

  constructor(options: BodyDecoderOptions) {
    this.#options = options;
    this.#hash = options.verifyHash ? createHash('sha256') : undefined;
    for (const name of options.declared.keys()) this.#digests.set(name, createDigest(name));
  }

  /** Computes this digest too. Only before the first `push`. */
  compute(name: DigestName): void {
    if (!this.#digests.has(name)) this.#digests.set(name, createDigest(name));
  }

  /** The data in these bytes, without copying it. */
  push(bytes: Buffer): readonly Buffer[] {
    this.#hash?.update(bytes);
    const pieces = this.#options.chunks ? this.#options.chunks.push(bytes) : [bytes];
    for (const digest of this.#digests.values()) for (const piece of pieces) digest.update(piece);
    return pieces;
  }

  /** After the last bytes: throws in S3's words unless everything about them is right. */
  finish(): DecodedBody {
    const { chunks, declared, verifyHash } = this.#options;
    if (this.#hash) verifyHash?.(this.#hash.digest('hex'));
    const trailers = chunks?.finish() ?? {};
    const digests: Partial<Record<DigestName, string>> = {};
    for (const [name, digest] of this.#digests) {
      const value = digest.digest();
      const sent = declared.get(name);
      if (sent !== undefined && sent !== value) throw name === 'md5' ? badMd5(sent, value) : badDigest(name);
      digests[name] = value;
    }
    // The decoder of the chunks has compared these.
    for (const name of checksumNames) {
      const sent = trailers[`x-amz-checksum-${name}`];
      if (sent !== undefined) digests[name] = sent;
    }
    return { trailers, digests };
  }
}

/**
 * The digests of its body that a request declares in its head. Throws in S3's words when one cannot be any
 * (S3 user guide, "Checking object integrity").
 */
export function declaredDigests(head: RequestHead, operation: OperationModel | undefined): ReadonlyMap<DigestName, string> {
  if (!operation?.service.protocols.includes('restXml')) return none;
  const found = new Map<DigestName, string>();
  const md5 = head.headers['content-md5'];
  if (md5 !== undefined) {
    if (!/^[A-Za-z0-9+/]{22}==$/.test(md5)) throw new ServiceError('InvalidDigest', 'The Content-MD5 you specified was invalid.', { status: 400, members: { 'Content-MD5': md5 } });
    found.set('md5', md5);
  }
  if (!checksumsItsBody(operation)) return found;
  for (const name of checksumNames) {
    const header = `x-amz-checksum-${name}`;
    const sent = head.headers[header];
    if (sent === undefined) continue;
    if (!isChecksum(name, sent)) throw new ServiceError('InvalidRequest', `Value for ${header} header is invalid.`, { status: 400 });
    found.set(name, sent);
  }
  if (found.size > (found.has('md5') ? 2 : 1)) {
    throw new ServiceError('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.', { status: 400 });
  }
  return found;
}

const none: ReadonlyMap<DigestName, string> = new Map();

// Elsewhere the same headers speak of something else: in CompleteMultipartUpload of the whole object, for one.
function checksumsItsBody({ input }: OperationModel): boolean {
  return input?.members.some(({ location, httpName }) => location === 'header' && httpName.toLowerCase() === 'x-amz-sdk-checksum-algorithm') ?? false;
}

/** A checksum, or the MD5 that ETags are made of. */
export function createDigest(name: DigestName): Checksum {
  if (name !== 'md5') return createChecksum(name);
  const hash = createHash('md5');
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') };
}

// S3 API reference, "Error responses".
function badMd5(sent: string, calculated: string): ServiceError {
  return new ServiceError('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
    status: 400,
    members: { ExpectedDigest: sent, CalculatedDigest: calculated },
  });
}
