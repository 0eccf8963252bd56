import { hexId } from '../../../base/ids.ts';
import type { AccessRequest } from '../../../framework/context.ts';
import { objectAccess } from '../access.ts';
import { copyBody, findSource, type FoundSource } from '../copying.ts';
import { hasAcl } from '../domain/aclInput.ts';
import { checksumMembers, defaultAlgorithm, requireAlgorithm } from '../domain/checksums.ts';
import { parseCopySource } from '../domain/copySource.ts';
import { lastModified, type StoredChecksum } from '../domain/objectRow.ts';
import { encryptionMembers } from '../encryption.ts';
import { errors } from '../errors.ts';
import { singlePutBytesMax } from '../limits.ts';
import { type Draft, draftObject, requireKey } from '../objectDraft.ts';
import { versionMember } from '../objectOutput.ts';
import { operation } from '../operation.ts';
import { findBucketNow } from '../reading.ts';
import { commitObject } from '../writeObject.ts';

export const copyObject = operation('CopyObject', {
  async access(input, call, deps) {
    const source = parseCopySource(input.CopySource ?? '');
    const reads = [source.VersionId === undefined ? 'GetObject' : 'GetObjectVersion'];
    const writes = ['PutObject', ...(hasAcl(input) ? ['PutObjectAcl'] : []), ...(input.Tagging === undefined ? [] : ['PutObjectTagging'])];
    const asked: AccessRequest[] = await objectAccess(reads, { ...source, ExpectedBucketOwner: input.ExpectedSourceBucketOwner }, call, deps);
    return [...asked, ...(await objectAccess(writes, input, call, deps))];
  },
  async handle(input, call, deps) {
    const key = requireKey(input.Key);
    const bucket = await findBucketNow(deps, input.Bucket ?? '');
    const found = await findSource(deps, call, input);
    const { row } = found;
    if (row.bytes > singlePutBytesMax) throw errors.invalidRequest(`The specified copy source is larger than the maximum allowable size for a copy source: ${singlePutBytesMax}`);
    requireChange(input, found, key);
    const replaced = directive(input.MetadataDirective, 'x-amz-metadata-directive');
    const retagged = directive(input.TaggingDirective, 'x-amz-tagging-directive');
    const prepared = await draftObject(deps, call, bucket, key, { ...input, Tagging: retagged ? input.Tagging : undefined });
    const draft: Draft = {
      ...prepared.draft,
      ...(replaced ? {} : { headers: row.headers, metadata: row.metadata }),
      ...(retagged ? {} : { tags: row.tags }),
    };
    const algorithm = requireAlgorithm(input.ChecksumAlgorithm) ?? row.checksum?.algorithm ?? defaultAlgorithm;
    const plain = row.parts === undefined && row.encryption.kind === 's3';
    const sameChecksum = row.checksum?.algorithm === algorithm && row.checksum.type === 'FULL_OBJECT';
    const copied = await copyBody(deps, found.slices, algorithm, { from: found.key, to: prepared.key }, { md5: plain ? row.etag : undefined, checksum: sameChecksum ? row.checksum?.value : undefined });
    const checksum: StoredChecksum = { algorithm, value: copied.checksum, type: 'FULL_OBJECT' };
    const etag = prepared.key ? hexId(deps.random, 32) : copied.md5;
    const written = await commitObject(deps, call, bucket.name, key, { draft, body: copied.body, etag, checksum, conditions: input, event: 'ObjectCreated:Copy' });
    return {
      CopyObjectResult: { ETag: `"${etag}"`, LastModified: lastModified(written.row), ...checksumMembers(checksum) },
      ...encryptionMembers(draft.encryption),
      ...versionMember(written.bucket, written.row.versionId),
      ...(found.bucket.versioning === undefined ? {} : { CopySourceVersionId: row.versionId }),
    };
  },
});

/** True for REPLACE. */
function directive(given: string | undefined, header: string): boolean {
  if (given === undefined || given === 'COPY') return false;
  if (given === 'REPLACE') return true;
  throw errors.invalidArgument(`Unknown ${header === 'x-amz-metadata-directive' ? 'metadata' : 'tagging'} directive.`, header, given);
}

interface ChangeMembers {
  readonly Bucket?: string | undefined;
  readonly MetadataDirective?: string | undefined;
  readonly StorageClass?: string | undefined;
  readonly WebsiteRedirectLocation?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
}

// The annotation directive (newer command lines send it with every copy) asks for nothing: no object has annotations here.
// A copy onto itself has to change something (API reference, CopyObject).
function requireChange(input: ChangeMembers, { source, row }: FoundSource, key: string): void {
  if (source.Bucket !== input.Bucket || source.Key !== key || source.VersionId !== undefined) return;
  const changes = [input.MetadataDirective === 'REPLACE', input.StorageClass !== undefined && input.StorageClass !== (row.storageClass ?? 'STANDARD'), input.WebsiteRedirectLocation !== undefined, input.ServerSideEncryption !== undefined, input.SSECustomerKey !== undefined];
  if (changes.includes(true)) return;
  throw errors.invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.");
}
