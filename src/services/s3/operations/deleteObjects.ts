import { ServiceError } from '../../../base/errors.ts';
import type { Call } from '../../../framework/context.ts';
import { permitsOnObject, requireExpectedBucket } from '../access.ts';
import { errors } from '../errors.ts';
import { deletedAtOnceMax } from '../limits.ts';
import { operation, type S3Deps } from '../operation.ts';
import { type Bucket, requireBucket, requireKeyLength } from '../store.ts';
import { mayBypass, removeObject } from './deleteObject.ts';

interface Target {
  readonly Key: string | undefined;
  readonly VersionId?: string | undefined;
  readonly ETag?: string | undefined;
  readonly Size?: number | undefined;
  readonly LastModifiedTime?: Date | undefined;
}

/** How many go in one transaction: large enough to share a sync, small enough to hold nobody up. */
const batch = 50;

export const deleteObjects = operation('DeleteObjects', {
  // Each key is asked for by itself: what is denied is told in the answer (API reference, DeleteObjects).
  access: async (input, _call, { store }) => {
    await store.read((tx) => requireExpectedBucket(tx, input));
    return [];
  },
  async handle(input, call, deps) {
    const targets: readonly Target[] = input.Delete?.Objects ?? [];
    if (targets.length === 0 || targets.length > deletedAtOnceMax || targets.some(({ Key }) => !Key)) throw errors.malformedXml();
    requireDigest(call);
    const bucket = await deps.store.read((tx) => requireBucket(tx, input.Bucket ?? ''));
    const results: Result[] = [];
    for (let at = 0; at < targets.length; at += batch) results.push(...(await deleteSome(targets.slice(at, at + batch), bucket, input, call, deps)));
    return {
      ...(input.Delete?.Quiet === true ? {} : { Deleted: results.flatMap(({ deleted }) => (deleted ? [deleted] : [])) }),
      Errors: results.flatMap(({ error }) => (error ? [error] : [])),
    };
  },
});

interface Result {
  readonly deleted?: { readonly Key: string; VersionId?: string; DeleteMarker?: boolean; DeleteMarkerVersionId?: string };
  readonly error?: { readonly Key: string; readonly Code: string; readonly Message: string; VersionId?: string };
}

// The list is a document that must come with a digest (API reference, "Content-MD5").
function requireDigest({ head }: Call): void {
  const names = Object.keys(head.headers);
  if (names.includes('content-md5') || names.some((name) => name.startsWith('x-amz-checksum-')) || head.headers['x-amz-trailer'] !== undefined) return;
  throw errors.invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
}

async function deleteSome(targets: readonly Target[], bucket: Bucket, input: { readonly Bucket?: string | undefined; readonly BypassGovernanceRetention?: boolean | undefined }, call: Call, deps: S3Deps): Promise<Result[]> {
  const asked = await Promise.all(
    targets.map(async (target) => {
      const name = { Bucket: bucket.name, Key: target.Key ?? '', VersionId: target.VersionId };
      const action = target.VersionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion';
      return { target, permitted: await permitsOnObject(action, bucket, name, call, deps), bypass: await mayBypass({ ...input, Key: target.Key }, call, deps) };
    }),
  );
  return await deps.store.transact(async (tx) => {
    const now = await requireBucket(tx, bucket.name);
    const results: Result[] = [];
    for (const { target, permitted, bypass } of asked) {
      const { Key = '', VersionId } = target;
      const version = VersionId === undefined ? {} : { VersionId };
      try {
        if (!permitted) throw errors.accessDenied();
        requireKeyLength(Key);
        const conditions = { IfMatch: target.ETag, IfMatchSize: target.Size, IfMatchLastModifiedTime: target.LastModifiedTime };
        const { deleteMarker, versionId } = await removeObject(tx, deps, call, now, { Key, VersionId, bypass, ...conditions });
        const marker = deleteMarker ? { DeleteMarker: true, ...(versionId === undefined ? {} : { DeleteMarkerVersionId: versionId }) } : {};
        results.push({ deleted: { Key, ...version, ...marker } });
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        results.push({ error: { Key, ...version, Code: error.code, Message: error.message } });
      }
    }
    return results;
  });
}
