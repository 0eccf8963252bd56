import type { ObjectReader } from '../../framework/objectReader.ts';
import { objectAccess } from './access.ts';
import { openBody } from './bodies.ts';
import { keyToRead } from './encryption.ts';
import type { S3Deps } from './operation.ts';
import { findRequested } from './operations/getObject.ts';
import type { FindDestination } from '../../ports/destinationLookup.ts';
import { requireReadable } from './reading.ts';
import { findBucket } from './store.ts';

/** Whether a bucket exists. */
export const createBucketLookup = ({ store }: S3Deps): FindDestination => async (arn) => {
  const name = /^arn:[^:]+:s3:::([a-z0-9.-]+)$/.exec(arn)?.[1] ?? '';
  return (await store.read((tx) => findBucket(tx, name))) && { fifo: false };
};

/** Objects for other services, in the name of their callers. */
export function createObjectReader(deps: S3Deps): ObjectReader {
  return {
    async read(call, { bucket, key, versionId, bytesMax, tooLarge }) {
      const input = { Bucket: bucket, Key: key, VersionId: versionId };
      await call.authorise(await objectAccess([versionId === undefined ? 'GetObject' : 'GetObjectVersion'], input, call, deps));
      const { row, slices, range } = await findRequested(input, call, deps);
      requireReadable(row, call.nowMs);
      if (row.bytes > bytesMax) throw tooLarge();
      const body = await openBody(deps, slices, range, await keyToRead(deps, call, row.encryption, {}));
      if (body instanceof Uint8Array) return body;
      const pieces: Uint8Array[] = [];
      for await (const piece of body) pieces.push(piece as Uint8Array);
      return Buffer.concat(pieces);
    },
  };
}
