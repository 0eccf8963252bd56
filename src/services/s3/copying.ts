// What CopyObject and UploadPartCopy share: finding the source, and a body of its own for the copy.

import type { Call } from '../../framework/context.ts';
import { digestBody, digestPassing } from '../../framework/digestBody.ts';
import { duplicateBody, type NewBody, openBody, slicesOf, writeBody } from './bodies.ts';
import type { Slice } from './domain/body.ts';
import { digestNameOf } from './domain/checksums.ts';
import { judgeRead } from './domain/conditions.ts';
import { type CopySource, parseCopySource } from './domain/copySource.ts';
import type { ChecksumAlgorithm, ObjectRow } from './domain/objectRow.ts';
import { type EncryptionMembers, keyToRead } from './encryption.ts';
import { errors } from './errors.ts';
import type { S3Deps } from './operation.ts';
import { requireObject, requireReadable } from './reading.ts';
import type { Bucket } from './store.ts';

export interface CopyMembers {
  readonly CopySource?: string | undefined;
  readonly CopySourceIfMatch?: string | undefined;
  readonly CopySourceIfModifiedSince?: Date | undefined;
  readonly CopySourceIfNoneMatch?: string | undefined;
  readonly CopySourceIfUnmodifiedSince?: Date | undefined;
  readonly CopySourceSSECustomerAlgorithm?: string | undefined;
  readonly CopySourceSSECustomerKey?: string | undefined;
  readonly CopySourceSSECustomerKeyMD5?: string | undefined;
  readonly ExpectedSourceBucketOwner?: string | undefined;
}

export interface FoundSource {
  readonly source: CopySource;
  readonly bucket: Bucket;
  readonly row: ObjectRow;
  readonly slices: readonly Slice[];
  /** Undefined where its bytes are not encrypted. */
  readonly key: Uint8Array | undefined;
}

/** The source of a copy, if the request's conditions let it be copied. */
export async function findSource(deps: S3Deps, call: Call, input: CopyMembers): Promise<FoundSource> {
  const source = parseCopySource(input.CopySource ?? '');
  const found = await deps.store.read(async (tx) => {
    const { bucket, row } = await requireObject(tx, deps, call, source);
    return { bucket, row, slices: await slicesOf(tx, row.body) };
  });
  const verdict = judgeRead(
    { ifMatch: input.CopySourceIfMatch, ifNoneMatch: input.CopySourceIfNoneMatch, ifModifiedSince: input.CopySourceIfModifiedSince, ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince },
    found.row,
  );
  if (verdict.kind !== 'go') throw errors.preconditionFailed(verdict.kind === 'failed' ? `x-amz-copy-source-${verdict.condition}` : 'x-amz-copy-source-If-None-Match');
  requireReadable(found.row, call.nowMs);
  const key = await keyToRead(deps, call, found.row.encryption, sourceKey(input));
  return { source, ...found, key };
}

function sourceKey(input: CopyMembers): EncryptionMembers {
  return { SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm, SSECustomerKey: input.CopySourceSSECustomerKey, SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5 };
}

export interface CopiedBody {
  readonly body: NewBody;
  /** Hexadecimal. */
  readonly md5: string;
  readonly checksum: string;
}

/** What the digests of a copy are known to be, so that nothing has to be read. */
export interface KnownDigests {
  readonly md5: string | undefined;
  readonly checksum: string | undefined;
}

/** A body with the bytes of `slices`. Without encryption nothing large is copied, and what is not known is read only for its digests. */
export async function copyBody(deps: S3Deps, slices: readonly Slice[], algorithm: ChecksumAlgorithm, keys: { readonly from: Uint8Array | undefined; readonly to: Uint8Array | undefined }, known: KnownDigests): Promise<CopiedBody> {
  const bytes = slices.reduce((sum, slice) => sum + slice.bytes, 0);
  const name = digestNameOf(algorithm);
  const open = async (): Promise<AsyncIterable<Uint8Array> | Iterable<Uint8Array>> => {
    const opened = await openBody(deps, slices, { start: 0, end: bytes - 1 }, keys.from);
    return opened instanceof Uint8Array ? [opened] : (opened as AsyncIterable<Uint8Array>);
  };
  if (keys.from === undefined && keys.to === undefined) {
    const body = await duplicateBody(deps, slices);
    if (known.md5 !== undefined && known.checksum !== undefined) return { body, md5: known.md5, checksum: known.checksum };
    const digests = await digestBody(await open(), ['md5', name]);
    return { body, md5: Buffer.from(digests.md5, 'base64').toString('hex'), checksum: digests[name] };
  }
  let digests = { md5: '' } as Record<'md5' | typeof name, string>;
  const body = await writeBody(deps, digestPassing(await open(), ['md5', name], (found) => (digests = found)), bytes, keys.to);
  return { body, md5: Buffer.from(digests.md5, 'base64').toString('hex'), checksum: digests[name] };
}
