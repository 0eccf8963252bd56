import { systemErrorCode, InvariantError } from '../../../base/errors.ts';
import { withAnswer } from '../../../framework/answer.ts';
import type { Call } from '../../../framework/context.ts';
import { objectAccess } from '../access.ts';
import { BodyGoneError, openBody, partsOf, slicesOf } from '../bodies.ts';
import type { Slice } from '../domain/body.ts';
import { checksumMember } from '../domain/checksums.ts';
import type { LifecycleRule } from '../domain/lifecycle.ts';
import { type ByteRange, parseRange } from '../domain/range.ts';
import type { ObjectRow } from '../domain/objectRow.ts';
import { type EncryptionMembers, keyToRead } from '../encryption.ts';
import { errors } from '../errors.ts';
import { objectMembers } from '../objectOutput.ts';
import { operation, type S3Deps } from '../operation.ts';
import { type ObjectName, requireObject, requireReadable, requireReadConditions } from '../reading.ts';
import { type Bucket, findSetting } from '../store.ts';

export const getObject = operation('GetObject', {
  access: (input, call, deps) => objectAccess([input.VersionId === undefined ? 'GetObject' : 'GetObjectVersion'], input, call, deps),
  async handle(input, call, deps) {
    for (let attempt = 1; ; attempt += 1) {
      const found = await findRequested(input, call, deps);
      requireReadable(found.row, call.nowMs);
      const secret = await keyToRead(deps, call, found.row.encryption, input);
      try {
        const Body = await openBody(deps, found.slices, found.range, secret);
        return withAnswer({ ...answerMembers(found, input, call), ...overrides(input), Body }, found.partial ? { status: 206 } : {});
      } catch (error) {
        // Overwritten or deleted between its row and its bytes: the next look finds what is there now.
        if (attempt >= 3 || !(error instanceof BodyGoneError || error instanceof InvariantError || systemErrorCode(error) === 'ENOENT')) throw error;
      }
    }
  },
});

export interface ReadInput extends ObjectName, EncryptionMembers {
  readonly Range?: string | undefined;
  readonly PartNumber?: number | undefined;
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: Date | undefined;
  readonly IfUnmodifiedSince?: Date | undefined;
  readonly ChecksumMode?: string | undefined;
  readonly ResponseCacheControl?: string | undefined;
  readonly ResponseContentDisposition?: string | undefined;
  readonly ResponseContentEncoding?: string | undefined;
  readonly ResponseContentLanguage?: string | undefined;
  readonly ResponseContentType?: string | undefined;
  readonly ResponseExpires?: Date | undefined;
}

export interface Requested {
  readonly bucket: Bucket;
  readonly row: ObjectRow;
  readonly slices: readonly Slice[];
  readonly range: ByteRange;
  readonly partial: boolean;
  readonly rules: readonly LifecycleRule[] | undefined;
  /** The checksum of the part that was asked for, where parts have their own. */
  readonly partChecksum: string | undefined;
}

/** The object and the part of it that a GET or HEAD asks for. */
export async function findRequested(input: ReadInput, call: Call, deps: S3Deps): Promise<Requested> {
  return await deps.store.read(async (tx) => {
    const { bucket, row } = await requireObject(tx, deps, call, input);
    requireReadConditions({ ifMatch: input.IfMatch, ifNoneMatch: input.IfNoneMatch, ifModifiedSince: input.IfModifiedSince, ifUnmodifiedSince: input.IfUnmodifiedSince }, row);
    const rules = (await findSetting<{ readonly rules: readonly LifecycleRule[] }>(tx, bucket, 'lifecycle'))?.rules;
    const slices = await slicesOf(tx, row.body);
    const whole = { start: 0, end: row.bytes - 1 };
    const found = { bucket, row, slices, rules };
    if (input.PartNumber !== undefined) {
      if (input.Range !== undefined) throw errors.invalidRequest('Cannot specify both Range header and partNumber query parameter');
      const parts = await partsOf(tx, row.body, row.parts);
      if (parts.length === 0 && input.PartNumber === 1) return { ...found, range: whole, partial: true, partChecksum: undefined };
      const index = input.PartNumber - 1;
      const part = parts[index];
      if (!part) throw errors.invalidPartNumber(input.PartNumber, Math.max(1, parts.length));
      const start = parts.slice(0, index).reduce((sum, { bytes }) => sum + bytes, 0);
      return { ...found, range: { start, end: start + part.bytes - 1 }, partial: true, partChecksum: part.checksum };
    }
    const range = parseRange(input.Range, row.bytes);
    if (range === 'unsatisfiable') throw errors.invalidRange(input.Range ?? '', row.bytes);
    return range === 'whole' ? { ...found, range: whole, partial: false, partChecksum: undefined } : { ...found, range, partial: true, partChecksum: undefined };
  });
}

/** What both answers say. */
export function answerMembers({ bucket, row, range, partial, rules, partChecksum }: Requested, input: ReadInput, call: Call) {
  // The checksum of the whole is none of a range; a part may have its own.
  const withChecksum = input.ChecksumMode === 'ENABLED' && (!partial || input.PartNumber !== undefined);
  const members = objectMembers(bucket, row, { nowMs: call.nowMs, key: input.Key ?? '', rules, withChecksum });
  return {
    ...members,
    ...(withChecksum && partChecksum !== undefined ? checksumMember(row.checksum?.algorithm, partChecksum) : {}),
    ContentLength: range.end - range.start + 1,
    ...(partial && row.bytes > 0 ? { ContentRange: `bytes ${range.start}-${range.end}/${row.bytes}` } : {}),
    ...(input.PartNumber !== undefined && row.parts !== undefined ? { PartsCount: row.parts } : {}),
  };
}

/** Header fields that a signed request may replace in its answer. */
export function overrides(input: ReadInput) {
  const given = {
    CacheControl: input.ResponseCacheControl,
    ContentDisposition: input.ResponseContentDisposition,
    ContentEncoding: input.ResponseContentEncoding,
    ContentLanguage: input.ResponseContentLanguage,
    ContentType: input.ResponseContentType,
    Expires: input.ResponseExpires === undefined ? undefined : (input.ResponseExpires.toUTCString() as unknown as Date),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<typeof given>;
}
