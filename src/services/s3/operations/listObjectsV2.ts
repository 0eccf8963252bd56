import { bucketAccess } from '../access.ts';
import { encoderOf, pageSize } from '../domain/listInput.ts';
import type { ObjectRow } from '../domain/objectRow.ts';
import { errors } from '../errors.ts';
import { listPage } from '../listing.ts';
import { operation } from '../operation.ts';
import { objects, requireBucket } from '../store.ts';
import { listedObject } from './listObjects.ts';

export const listObjectsV2 = operation('ListObjectsV2', {
  access: (input, call, deps) => bucketAccess('ListBucket', input, call, deps),
  async handle(input, call, { store }) {
    const { Prefix = '', Delimiter = '', StartAfter } = input;
    const encode = encoderOf(input.EncodingType);
    const maxKeys = pageSize(input.MaxKeys, 'max-keys');
    const after = input.ContinuationToken === undefined ? StartAfter : readToken(input.ContinuationToken);
    const page = await store.read(async (tx) => {
      const bucket = await requireBucket(tx, input.Bucket ?? '');
      return await listPage(tx, objects, { bucketId: bucket.id, prefix: Prefix, delimiter: Delimiter, maxKeys, after: after === '' ? undefined : after });
    });
    const restores = input.OptionalObjectAttributes?.includes('RestoreStatus') === true;
    return {
      Name: input.Bucket,
      Prefix: encode(Prefix),
      MaxKeys: maxKeys,
      ...(Delimiter === '' ? {} : { Delimiter: encode(Delimiter) }),
      ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
      ...(StartAfter === undefined ? {} : { StartAfter: encode(StartAfter) }),
      ...(input.ContinuationToken === undefined ? {} : { ContinuationToken: input.ContinuationToken }),
      ...(page.truncated ? { NextContinuationToken: makeToken(page.last ?? '') } : {}),
      KeyCount: page.entries.length + page.prefixes.length,
      IsTruncated: page.truncated,
      Contents: page.entries.map((entry) => ({ ...listedObject(entry, encode, input.FetchOwner === true), ...(restores ? restoreStatus(entry.row, call.nowMs) : {}) })),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
  },
});

function restoreStatus({ restoreReadyMs = 0, restoredUntilMs: untilMs }: Pick<ObjectRow, 'restoreReadyMs' | 'restoredUntilMs'>, nowMs: number) {
  if (restoreReadyMs > nowMs) return { RestoreStatus: { IsRestoreInProgress: true } };
  return untilMs === undefined || untilMs <= nowMs ? {} : { RestoreStatus: { IsRestoreInProgress: false, RestoreExpiryDate: new Date(untilMs) } };
}

// The page's last key; the digit in front lets the form change one day.
function makeToken(last: string): string {
  return Buffer.from(`1${last}`).toString('base64');
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString('utf8');
  if (!text.startsWith('1') || makeToken(text.slice(1)) !== token) throw errors.invalidArgument('The continuation token provided is incorrect', 'continuation-token');
  return text.slice(1);
}
