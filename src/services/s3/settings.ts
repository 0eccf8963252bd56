// The settings of a bucket: one document each, read and written whole.

import type { ServiceError } from '../../base/errors.ts';
import type { Transaction } from '../../kv/store.ts';
import type { S3Deps } from './operation.ts';
import { type Bucket, findSetting, requireBucket, setSetting } from './store.ts';

interface BucketName {
  readonly Bucket?: string | undefined;
}

/** The document of a setting, with its bucket; undefined where there is none. */
export async function readSetting<Document extends object>({ store }: S3Deps, { Bucket = '' }: BucketName, kind: string): Promise<{ readonly bucket: Bucket; readonly document: Document | undefined }> {
  return await store.read(async (tx) => {
    const bucket = await requireBucket(tx, Bucket);
    return { bucket, document: await findSetting<Document>(tx, bucket, kind) };
  });
}

/** The same where its absence is an error of its own. */
export async function requireSetting<Document extends object>(deps: S3Deps, input: BucketName, kind: string, refusal: (bucketName: string) => ServiceError): Promise<Document> {
  const { document } = await readSetting<Document>(deps, input, kind);
  if (!document) throw refusal(input.Bucket ?? '');
  return document;
}

/** Replaces a setting, or takes it away. `check` may look at the bucket and refuse. */
export async function writeSetting(deps: S3Deps, { Bucket = '' }: BucketName, kind: string, document: object | undefined, check?: (bucket: Bucket, tx: Transaction) => void | Promise<void>): Promise<void> {
  await deps.store.transact(async (tx) => {
    const bucket = await requireBucket(tx, Bucket);
    await check?.(bucket, tx);
    if (document === undefined && !bucket.settings.includes(kind)) return;
    setSetting(tx, bucket, kind, document);
  });
}
