import { objectAccess } from '../access.ts';
import { discardBody, openBody, partsOf, refTo, slicesOf, writeBody } from '../bodies.ts';
import { isProtected } from '../domain/objectLock.ts';
import type { ObjectRow } from '../domain/objectRow.ts';
import { chooseEncryption, keyToRead } from '../encryption.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { requireObject } from '../reading.ts';
import { isCurrent, updateVersion } from '../versions.ts';

// The texts of the API reference, UpdateObjectEncryption, "Errors".
const texts = {
  type: "Requests that modify an object encryption configuration require a valid new encryption type. Valid values are SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then try again.",
  arn: "Requests that modify an object's encryption type to SSE-KMS require a valid AWS KMS key Amazon Resource Name (ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and then try again.",
  source: "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or SSE-C. Only source objects encrypted with SSE-S3 or SSE-KMS are supported.",
  owner: 'The AWS KMS key in the request must be owned by the same account as the bucket. Modify the request to specify a KMS key from the same account, and then try again.',
  locked: "The encryption type for the specified object can’t be updated because that object is protected by S3 Object Lock. If the object has a governance-mode retention period or a legal hold, you must first remove the Object Lock status on the object before you issue your UpdateObjectEncryption request. You can't use the UpdateObjectEncryption operation with objects that have an Object Lock compliance mode retention period applied to them.",
};

/** Another key for an object that stays the same otherwise, dates and digests included. */
export const updateObjectEncryption = operation('UpdateObjectEncryption', {
  access: (input, call, deps) => objectAccess(['UpdateObjectEncryption'], input, call, deps),
  async handle(input, call, deps) {
    const { Key: key = '', ObjectEncryption: wanted } = input;
    if (!wanted?.SSEKMS) throw errors.invalidRequest(texts.type);
    const { KMSKeyArn = '', BucketKeyEnabled } = wanted.SSEKMS;
    const owner = /^arn:aws[-a-z0-9]*:kms:[-a-z0-9]*:([0-9]{12}):key\/.+$/.exec(KMSKeyArn)?.[1];
    if (owner === undefined) throw errors.invalidRequest(texts.arn);
    const found = await deps.store.read(async (tx) => {
      const { bucket, row } = await requireObject(tx, deps, call, input);
      return { bucket, row, slices: await slicesOf(tx, row.body), parts: await partsOf(tx, row.body, row.parts) };
    });
    const { bucket, row, slices, parts } = found;
    requireUpdatable(row, call.nowMs);
    if (owner !== bucket.account) throw errors.accessDeniedBecause(texts.owner);
    const from = await keyToRead(deps, call, row.encryption, {});
    const members = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KMSKeyArn, BucketKeyEnabled: BucketKeyEnabled ?? false };
    const { encryption, key: to } = await chooseEncryption(deps, call, bucket, key, members, undefined);
    // DEVIATION: the data is written anew, since what was SSE-S3 lies unencrypted on disk; on AWS only its data key changes hands.
    const opened = await openBody(deps, slices, { start: 0, end: row.bytes - 1 }, from);
    const body = await writeBody(deps, (opened instanceof Uint8Array ? [opened] : opened) as AsyncIterable<Uint8Array>, row.bytes, to);
    try {
      await deps.store.transact(async (tx) => {
        const now = await requireObject(tx, deps, call, { ...input, VersionId: bucket.versioning === undefined ? undefined : row.versionId });
        // Overwritten meanwhile: what is there now is another object.
        if (now.row.order !== row.order) throw errors.conflictingOperation();
        requireUpdatable(now.row, call.nowMs);
        await discardBody(tx, deps.blobs, now.row.body);
        body.keep(tx);
        const updated: ObjectRow = { ...now.row, encryption, body: refTo(tx, deps.random, body.slices, row.parts === undefined ? undefined : parts) };
        updateVersion(tx, now.bucket, key, updated, await isCurrent(tx, now.bucket, key, now.row));
      });
    } catch (error) {
      await body.abandon();
      throw error;
    }
    return {};
  },
});

function requireUpdatable(row: ObjectRow, nowMs: number): void {
  const { encryption } = row;
  if (encryption.kind === 'customer' || (encryption.kind === 'kms' && encryption.dual)) throw errors.invalidRequest(texts.source);
  if (isProtected(row, nowMs, false)) throw errors.accessDeniedBecause(texts.locked);
}
