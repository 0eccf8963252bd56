// Whether the tags of a bucket count in policies ("Using tags for attribute-based access control in S3 general purpose buckets").

import { bucketAccess } from '../access.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { readSetting, writeSetting } from '../settings.ts';

const kind = 'abac';

const getBucketAbac = operation('GetBucketAbac', {
  access: (input, call, deps) => bucketAccess('GetBucketAbac', input, call, deps),
  async handle(input, _call, deps) {
    const { document } = await readSetting(deps, input, kind);
    return { AbacStatus: { Status: document ? ('Enabled' as const) : ('Disabled' as const) } };
  },
});

const putBucketAbac = operation('PutBucketAbac', {
  access: (input, call, deps) => bucketAccess('PutBucketAbac', input, call, deps),
  async handle(input, _call, deps) {
    const status = input.AbacStatus?.Status;
    if (status !== 'Enabled' && status !== 'Disabled') throw errors.malformedXml();
    await writeSetting(deps, input, kind, status === 'Enabled' ? {} : undefined);
    return {};
  },
});

export const bucketAbacOperations = { GetBucketAbac: getBucketAbac, PutBucketAbac: putBucketAbac };
