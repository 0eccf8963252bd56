// Who may get in besides the callers' own policies: access control lists, their ownership, and the block of public access.

import { bucketAccess } from '../access.ts';
import type { Acl } from '../domain/acl.ts';
import { aclOfDocument, aclOfHeaders, aclOutput, hasAcl } from '../domain/aclInput.ts';
import { isPublicAcl, type PublicAccessBlock } from '../domain/publicAccess.ts';
import { absent, errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { findBucketNow } from '../reading.ts';
import { readSetting, requireSetting, writeSetting } from '../settings.ts';
import { findSetting, requireBucket, setBucket } from '../store.ts';

const getBucketAcl = operation('GetBucketAcl', {
  access: (input, call, deps) => bucketAccess('GetBucketAcl', input, call, deps),
  async handle(input, _call, deps) {
    const { bucket, document } = await readSetting<Acl>(deps, input, 'acl');
    return aclOutput(bucket.ownership === 'BucketOwnerEnforced' ? undefined : document, bucket.account);
  },
});

const putBucketAcl = operation('PutBucketAcl', {
  access: (input, call, deps) => bucketAccess('PutBucketAcl', input, call, deps),
  async handle(input, _call, deps) {
    const { AccessControlPolicy: document } = input;
    if (document && hasAcl(input)) throw errors.invalidRequest('This request does not support content');
    if (!document && !hasAcl(input)) throw errors.invalidRequest('Your request was missing a required header');
    const { account } = await findBucketNow(deps, input.Bucket ?? '');
    const acl = document ? aclOfDocument(document) : aclOfHeaders(input, { owner: account, bucketOwner: account });
    await writeSetting(deps, input, 'acl', acl, async (bucket, tx) => {
      if (bucket.ownership === 'BucketOwnerEnforced' && acl) throw errors.aclsNotSupported();
      const block = await findSetting<PublicAccessBlock>(tx, bucket, 'publicAccessBlock');
      if (block?.blockPublicAcls && isPublicAcl(acl)) throw errors.accessDenied();
    });
    return {};
  },
});

const getBucketOwnershipControls = operation('GetBucketOwnershipControls', {
  access: (input, call, deps) => bucketAccess('GetBucketOwnershipControls', input, call, deps),
  async handle(input, _call, deps) {
    const { ownership, settings } = await findBucketNow(deps, input.Bucket ?? '');
    if (settings.includes('ownershipDeleted')) throw absent.ownership(input.Bucket ?? '');
    return { OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] } };
  },
});

const putBucketOwnershipControls = operation('PutBucketOwnershipControls', {
  access: (input, call, deps) => bucketAccess('PutBucketOwnershipControls', input, call, deps),
  async handle({ Bucket = '', OwnershipControls }, _call, { store }) {
    const [rule, ...more] = OwnershipControls?.Rules ?? [];
    const ownership = rule?.ObjectOwnership;
    if (more.length > 0 || (ownership !== 'BucketOwnerEnforced' && ownership !== 'BucketOwnerPreferred' && ownership !== 'ObjectWriter')) throw errors.malformedXml();
    await store.transact(async (tx) => {
      const bucket = await requireBucket(tx, Bucket);
      const acl = await findSetting<Acl>(tx, bucket, 'acl');
      if (ownership === 'BucketOwnerEnforced' && acl) throw errors.bucketAclWithOwnership(Bucket);
      setBucket(tx, { ...bucket, ownership, settings: bucket.settings.filter((known) => known !== 'ownershipDeleted') });
    });
    return {};
  },
});

const deleteBucketOwnershipControls = operation('DeleteBucketOwnershipControls', {
  access: (input, call, deps) => bucketAccess('PutBucketOwnershipControls', input, call, deps),
  async handle({ Bucket = '' }, _call, { store }) {
    await store.transact(async (tx) => {
      const bucket = await requireBucket(tx, Bucket);
      // Without controls the uploading account owns, as before there were any.
      setBucket(tx, { ...bucket, ownership: 'ObjectWriter', settings: [...bucket.settings.filter((known) => known !== 'ownershipDeleted'), 'ownershipDeleted'] });
    });
    return {};
  },
});

const getPublicAccessBlock = operation('GetPublicAccessBlock', {
  access: (input, call, deps) => bucketAccess('GetBucketPublicAccessBlock', input, call, deps),
  async handle(input, _call, deps) {
        const block = await requireSetting<PublicAccessBlock>(deps, input, 'publicAccessBlock', absent.publicAccessBlock);
    const { blockPublicAcls, ignorePublicAcls, blockPublicPolicy, restrictPublicBuckets } = block;
    return {
      PublicAccessBlockConfiguration: { BlockPublicAcls: blockPublicAcls, IgnorePublicAcls: ignorePublicAcls, BlockPublicPolicy: blockPublicPolicy, RestrictPublicBuckets: restrictPublicBuckets },
    };
  },
});

const putPublicAccessBlock = operation('PutPublicAccessBlock', {
  access: (input, call, deps) => bucketAccess('PutBucketPublicAccessBlock', input, call, deps),
  async handle(input, _call, deps) {
    const given = input.PublicAccessBlockConfiguration;
    if (!given) throw errors.malformedXml();
    const block: PublicAccessBlock = {
      blockPublicAcls: given.BlockPublicAcls ?? false,
      ignorePublicAcls: given.IgnorePublicAcls ?? false,
      blockPublicPolicy: given.BlockPublicPolicy ?? false,
      restrictPublicBuckets: given.RestrictPublicBuckets ?? false,
    };
    await writeSetting(deps, input, 'publicAccessBlock', block);
    return {};
  },
});

const deletePublicAccessBlock = operation('DeletePublicAccessBlock', {
  access: (input, call, deps) => bucketAccess('PutBucketPublicAccessBlock', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, 'publicAccessBlock', undefined);
    return {};
  },
});

export const bucketAccessOperations = {
  DeleteBucketOwnershipControls: deleteBucketOwnershipControls,
  DeletePublicAccessBlock: deletePublicAccessBlock,
  GetBucketAcl: getBucketAcl,
  GetBucketOwnershipControls: getBucketOwnershipControls,
  GetPublicAccessBlock: getPublicAccessBlock,
  PutBucketAcl: putBucketAcl,
  PutBucketOwnershipControls: putBucketOwnershipControls,
  PutPublicAccessBlock: putPublicAccessBlock,
};
