import { bucketAccess } from '../access.ts';
import { type Tags, tagSetOf, tagsOf } from '../domain/tags.ts';
import { operation } from '../operation.ts';
import { requireSetting, writeSetting } from '../settings.ts';

const kind = 'tagging';

const getBucketTagging = operation('GetBucketTagging', {
  access: (input, call, deps) => bucketAccess('GetBucketTagging', input, call, deps),
  async handle(input, _call, deps) {
    const { tags } = await requireSetting<{ readonly tags: Tags }>(deps, input, kind, ['NoSuchTagSet', 'The TagSet does not exist']);
    return { TagSet: tagSetOf(tags) };
  },
});

const putBucketTagging = operation('PutBucketTagging', {
  access: (input, call, deps) => bucketAccess('PutBucketTagging', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, kind, { tags: tagsOf(input.Tagging?.TagSet, 'bucket') });
    return {};
  },
});

const deleteBucketTagging = operation('DeleteBucketTagging', {
  // "To use this operation, you must have permission to perform the s3:PutBucketTagging action."
  access: (input, call, deps) => bucketAccess('PutBucketTagging', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, kind, undefined);
    return {};
  },
});

export const bucketTaggingOperations = { DeleteBucketTagging: deleteBucketTagging, GetBucketTagging: getBucketTagging, PutBucketTagging: putBucketTagging };
