import { objectAccess } from '../access.ts';
import { aclOfDocument, aclOutput, hasAcl } from '../domain/aclInput.ts';
import { isPublicAcl, type PublicAccessBlock } from '../domain/publicAccess.ts';
import { errors } from '../errors.ts';
import { tellObjectEvent } from '../events.ts';
import { objectAclOf } from '../objectDraft.ts';
import { operation } from '../operation.ts';
import { requireObject } from '../reading.ts';
import { findSetting } from '../store.ts';
import { isCurrent, updateVersion } from '../versions.ts';

const getObjectAcl = operation('GetObjectAcl', {
  access: (input, call, deps) => objectAccess([input.VersionId === undefined ? 'GetObjectAcl' : 'GetObjectVersionAcl'], input, call, deps),
  async handle(input, call, deps) {
    const { bucket, row } = await deps.store.read((tx) => requireObject(tx, deps, call, input));
    return bucket.ownership === 'BucketOwnerEnforced' ? aclOutput(undefined, bucket.account) : aclOutput(row.acl, row.owner);
  },
});

const putObjectAcl = operation('PutObjectAcl', {
  access: (input, call, deps) => objectAccess([input.VersionId === undefined ? 'PutObjectAcl' : 'PutObjectVersionAcl'], input, call, deps),
  async handle(input, call, deps) {
    const { AccessControlPolicy: document, Key: key = '' } = input;
    if (document && hasAcl(input)) throw errors.invalidRequest('This request does not support content');
    if (!document && !hasAcl(input)) throw errors.invalidRequest('Your request was missing a required header');
    await deps.store.transact(async (tx) => {
      const { bucket, row } = await requireObject(tx, deps, call, input);
      const block = await findSetting<PublicAccessBlock>(tx, bucket, 'publicAccessBlock');
      if (document && bucket.ownership === 'BucketOwnerEnforced') throw errors.aclsNotSupported();
      const acl = document ? aclOfDocument(document) : objectAclOf(bucket, input, row.owner, block);
      if (block?.blockPublicAcls && isPublicAcl(acl)) throw errors.accessDenied();
      const changed = { ...row, acl };
      updateVersion(tx, bucket, key, changed, await isCurrent(tx, bucket, key, row));
      await tellObjectEvent(tx, deps, call, bucket, { name: 'ObjectAcl:Put', key, row: changed });
    });
    return {};
  },
});

export const objectAclOperations = { GetObjectAcl: getObjectAcl, PutObjectAcl: putObjectAcl };
