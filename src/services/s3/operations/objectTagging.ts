import type { Call } from '../../../framework/context.ts';
import { objectAccess } from '../access.ts';
import { type Tags, tagSetOf, tagsOf } from '../domain/tags.ts';
import { tellObjectEvent } from '../events.ts';
import { versionMember } from '../objectOutput.ts';
import { operation, type S3Deps } from '../operation.ts';
import { type ObjectName, requireObject } from '../reading.ts';
import { isCurrent, updateVersion } from '../versions.ts';

const getObjectTagging = operation('GetObjectTagging', {
  access: (input, call, deps) => objectAccess([input.VersionId === undefined ? 'GetObjectTagging' : 'GetObjectVersionTagging'], input, call, deps),
  async handle(input, call, deps) {
    const { bucket, row } = await deps.store.read((tx) => requireObject(tx, deps, call, input));
    return { TagSet: tagSetOf(row.tags), ...versionMember(bucket, row.versionId) };
  },
});

const putObjectTagging = operation('PutObjectTagging', {
  access(input, call, deps) {
    const tags = input.Tagging?.TagSet ?? [];
    const conditions = {
      ...Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [`s3:RequestObjectTag/${Key}`, Value])),
      's3:RequestObjectTagKeys': tags.map(({ Key = '' }) => Key),
    };
    return objectAccess([input.VersionId === undefined ? 'PutObjectTagging' : 'PutObjectVersionTagging'], input, call, deps, conditions);
  },
  handle: (input, call, deps) => replaceTags(deps, call, input, tagsOf(input.Tagging?.TagSet, 'object')),
});

const deleteObjectTagging = operation('DeleteObjectTagging', {
  access: (input, call, deps) => objectAccess([input.VersionId === undefined ? 'DeleteObjectTagging' : 'DeleteObjectVersionTagging'], input, call, deps),
  handle: (input, call, deps) => replaceTags(deps, call, input, undefined),
});

export const objectTaggingOperations = { DeleteObjectTagging: deleteObjectTagging, GetObjectTagging: getObjectTagging, PutObjectTagging: putObjectTagging };

async function replaceTags(deps: S3Deps, call: Call, input: ObjectName, tags: Tags | undefined) {
  const { Key: key = '' } = input;
  return await deps.store.transact(async (tx) => {
    const { bucket, row } = await requireObject(tx, deps, call, input);
    const changed = { ...row, tags };
    updateVersion(tx, bucket, key, changed, await isCurrent(tx, bucket, key, row));
    await tellObjectEvent(tx, deps, call, bucket, { name: tags ? 'ObjectTagging:Put' : 'ObjectTagging:Delete', key, row: changed });
    return versionMember(bucket, row.versionId);
  });
}
