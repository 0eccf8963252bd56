import { CreateBucketCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { uniqueName } from '../../support/functions.ts';

/** A bucket of its own for a test. */
export async function makeBucket(s3: S3Client, more: object = {}): Promise<string> {
  const Bucket = uniqueName('bucket').toLowerCase();
  await s3.send(new CreateBucketCommand({ Bucket, ...more }));
  return Bucket;
}

/** The body of an object as text. */
export async function readObject(s3: S3Client, Bucket: string, Key: string, more: object = {}): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return (await Body?.transformToString()) ?? '';
}
