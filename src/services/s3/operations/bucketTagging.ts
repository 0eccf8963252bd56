import { bucketAccess } from '../access.ts';
import { type Tags, tagSetOf, tagsOf } from '../domain/tags.ts';
import { absent, errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { requireSetting, writeSetting } from '../settings.ts';
import type { Bucket } from '../store.ts';

const kind = 'tagging';

const getBucketTagging = operation('GetBucketTagging', {
  access: (input, call, deps) => bucketAccess('GetBucketTagging', input, call, deps),
  async handle(input, _call, deps) {
    const { tags } = await requireSetting<{ readonly tags: Tags }>(deps, input, kind, absent.tags);
    return { TagSet: tagSetOf(tags) };
  },
});

const putBucketTagging = operation('PutBucketTagging', {
  access: (input, call, deps) => bucketAccess('PutBucketTagging', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, kind, { tags: tagsOf(input.Tagging?.TagSet, 'bucket') }, requireNoAbac);
    return {};
  },
});

const deleteBucketTagging = operation('DeleteBucketTagging', {
  // "To use this operation, you must have permission to perform the s3:PutBucketTagging action."
  access: (input, call, deps) => bucketAccess('PutBucketTagging', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, kind, undefined, requireNoAbac);
    return {};
  },
});

// API reference, PutBucketAbac: "when ABAC is enabled for the bucket, you can no longer use the PutBucketTagging and DeleteBucketTagging actions".
function requireNoAbac({ settings }: Bucket): void {
  if (settings.includes('abac')) throw errors.invalidRequest('This operation is not supported for buckets with attribute-based access control enabled. Use TagResource and UntagResource.');
}

export const bucketTaggingOperations = { DeleteBucketTagging: deleteBucketTagging, GetBucketTagging: getBucketTagging, PutBucketTagging: putBucketTagging };
