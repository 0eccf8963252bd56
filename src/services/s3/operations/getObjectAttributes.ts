import { objectAccess } from '../access.ts';
import { partsOf } from '../bodies.ts';
import { checksumMember, checksumMembers } from '../domain/checksums.ts';
import { pageSize } from '../domain/listInput.ts';
import { lastModified } from '../domain/objectRow.ts';
import { keyToRead } from '../encryption.ts';
import { errors } from '../errors.ts';
import { versionMember } from '../objectOutput.ts';
import { operation } from '../operation.ts';
import { requireObject } from '../reading.ts';

const known = new Set(['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize']);

export const getObjectAttributes = operation('GetObjectAttributes', {
  access: (input, call, deps) =>
    objectAccess(input.VersionId === undefined ? ['GetObject', 'GetObjectAttributes'] : ['GetObjectVersion', 'GetObjectVersionAttributes'], input, call, deps),
  async handle(input, call, deps) {
    const wanted = new Set<string>(input.ObjectAttributes ?? []);
    if (wanted.size === 0) throw errors.invalidRequest('The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty');
    if ([...wanted].some((name) => !known.has(name))) throw errors.invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes');
    const { bucket, row, parts } = await deps.store.read(async (tx) => {
      const found = await requireObject(tx, deps, call, input);
      return { ...found, parts: wanted.has('ObjectParts') ? await partsOf(tx, found.row.body, found.row.parts) : [] };
    });
    if (row.encryption.kind === 'customer' || input.SSECustomerKey !== undefined) await keyToRead(deps, call, row.encryption, input);
    const marker = Number(input.PartNumberMarker ?? 0);
    const limit = pageSize(input.MaxParts, 'max-parts');
    const rest = parts.filter(({ number }) => number > marker);
    const page = rest.slice(0, limit);
    const objectParts = {
      TotalPartsCount: row.parts,
      PartNumberMarker: String(marker),
      ...(page.length > 0 ? { NextPartNumberMarker: String(page.at(-1)?.number) } : {}),
      MaxParts: limit,
      IsTruncated: rest.length > limit,
      // Parts are told where they have checksums of their own (API reference, "ObjectParts").
      ...(row.checksum?.type === 'COMPOSITE'
        ? { Parts: page.map(({ number, bytes, checksum }) => ({ PartNumber: number, Size: bytes, ...checksumMember(row.checksum?.algorithm, checksum) })) }
        : {}),
    };
    return {
      LastModified: lastModified(row),
      ...versionMember(bucket, row.versionId),
      ...(wanted.has('ETag') ? { ETag: row.etag } : {}),
      ...(wanted.has('Checksum') && row.checksum ? { Checksum: checksumMembers(row.checksum) } : {}),
      ...(wanted.has('ObjectParts') && row.parts !== undefined ? { ObjectParts: objectParts } : {}),
      ...(wanted.has('StorageClass') ? { StorageClass: (row.storageClass ?? 'STANDARD') as 'STANDARD' } : {}),
      ...(wanted.has('ObjectSize') ? { ObjectSize: row.bytes } : {}),
    };
  },
});
