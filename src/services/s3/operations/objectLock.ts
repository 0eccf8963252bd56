import { objectAccess, bucketAccess, permitsOnObject } from '../access.ts';
import { isProtected, type LockDefault, requireHold, requireRetention } from '../domain/objectLock.ts';
import type { ObjectRow, Retention } from '../domain/objectRow.ts';
import type { Call } from '../../../framework/context.ts';
import { absent, errors } from '../errors.ts';
import { operation, type S3Deps } from '../operation.ts';
import { findBucketNow, type ObjectName, requireObject } from '../reading.ts';
import { readSetting } from '../settings.ts';
import { type Bucket, requireBucket, setBucket, setSetting } from '../store.ts';
import { isCurrent, updateVersion } from '../versions.ts';

const kind = 'objectLock';

const getObjectLockConfiguration = operation('GetObjectLockConfiguration', {
  access: (input, call, deps) => bucketAccess('GetBucketObjectLockConfiguration', input, call, deps),
  async handle(input, _call, deps) {
    const { bucket, document } = await readSetting<LockDefault>(deps, input, kind);
    if (!bucket.objectLock) throw absent.lock(bucket.name);
    const { mode, days, years } = document ?? {};
    const retention = { Mode: mode, ...(days === undefined ? {} : { Days: days }), ...(years === undefined ? {} : { Years: years }) };
    return { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' as const, ...(mode === undefined ? {} : { Rule: { DefaultRetention: retention } }) } };
  },
});

const putObjectLockConfiguration = operation('PutObjectLockConfiguration', {
  access: (input, call, deps) => bucketAccess('PutBucketObjectLockConfiguration', input, call, deps),
  async handle({ Bucket = '', ObjectLockConfiguration: given }, _call, { store }) {
    if (given?.ObjectLockEnabled !== 'Enabled') throw errors.malformedXml();
    const retention = given.Rule?.DefaultRetention;
    if (given.Rule && (!retention?.Mode || (retention.Days === undefined) === (retention.Years === undefined))) throw errors.malformedXml();
    if ((retention?.Days ?? 1) <= 0 || (retention?.Years ?? 1) <= 0) throw errors.invalidArgument('Default retention period must be a positive integer value.');
    if ((retention?.Days ?? 0) > 36_500 || (retention?.Years ?? 0) > 100) throw errors.invalidArgument('Default retention period too large');
    const document: LockDefault | undefined = retention && { mode: retention.Mode, days: retention.Days, years: retention.Years };
    await store.transact(async (tx) => {
      const bucket = await requireBucket(tx, Bucket);
      if (bucket.versioning !== 'Enabled') throw errors.invalidBucketState('Versioning must be \'Enabled\' on the bucket to apply a Object Lock configuration');
      const locked = { ...bucket, objectLock: true };
      setBucket(tx, locked);
      if (document || bucket.settings.includes(kind)) setSetting(tx, locked, kind, document);
    });
    return {};
  },
});

const getObjectRetention = operation('GetObjectRetention', {
  access: (input, call, deps) => objectAccess(['GetObjectRetention'], input, call, deps),
  async handle(input, call, deps) {
    const { row } = await requireLockable(deps, call, input);
    if (!row.retention) throw absent.lockOfObject(input.Bucket ?? '');
    return { Retention: { Mode: row.retention.mode, RetainUntilDate: new Date(row.retention.untilMs) } };
  },
});

const putObjectRetention = operation('PutObjectRetention', {
  access: (input, call, deps) => objectAccess(['PutObjectRetention'], input, call, deps),
  async handle(input, call, deps) {
    const { Mode: mode, RetainUntilDate: until } = input.Retention ?? {};
    if ((mode === undefined) !== (until === undefined)) throw errors.malformedXml();
    const retention = mode !== undefined && until !== undefined ? requireRetention(mode, until, call.nowMs) : undefined;
    const bypass = input.BypassGovernanceRetention === true && (await permitsOnObject('BypassGovernanceRetention', await findBucketNow(deps, input.Bucket ?? ''), input, call, deps));
    await changeLock(deps, call, input, (row) => {
      if (loosens(row.retention, retention) && isProtected({ retention: row.retention }, call.nowMs, bypass)) throw errors.accessDeniedBecause('Access Denied because object protected by object lock.');
      return { ...row, retention };
    });
    return {};
  },
});

const getObjectLegalHold = operation('GetObjectLegalHold', {
  access: (input, call, deps) => objectAccess(['GetObjectLegalHold'], input, call, deps),
  async handle(input, call, deps) {
    const { row } = await requireLockable(deps, call, input);
    if (row.legalHold === undefined) throw absent.lockOfObject(input.Bucket ?? '');
    return { LegalHold: { Status: row.legalHold ? ('ON' as const) : ('OFF' as const) } };
  },
});

const putObjectLegalHold = operation('PutObjectLegalHold', {
  access: (input, call, deps) => objectAccess(['PutObjectLegalHold'], input, call, deps),
  async handle(input, call, deps) {
    const legalHold = requireHold(input.LegalHold?.Status ?? '');
    await changeLock(deps, call, input, (row) => ({ ...row, legalHold }));
    return {};
  },
});

export const objectLockOperations = {
  GetObjectLegalHold: getObjectLegalHold,
  GetObjectLockConfiguration: getObjectLockConfiguration,
  GetObjectRetention: getObjectRetention,
  PutObjectLegalHold: putObjectLegalHold,
  PutObjectLockConfiguration: putObjectLockConfiguration,
  PutObjectRetention: putObjectRetention,
};

/** Whether a change gives up protection that there is. */
function loosens(now: Retention | undefined, then: Retention | undefined): boolean {
  if (!now) return false;
  return !then || then.untilMs < now.untilMs || (now.mode === 'COMPLIANCE' && then.mode !== 'COMPLIANCE');
}

async function requireLockable(deps: S3Deps, call: Call, input: ObjectName): Promise<{ readonly bucket: Bucket; readonly row: ObjectRow }> {
  const found = await deps.store.read((tx) => requireObject(tx, deps, call, input));
  if (!found.bucket.objectLock) throw errors.invalidRequest('Bucket is missing Object Lock Configuration');
  return found;
}

async function changeLock(deps: S3Deps, call: Call, input: ObjectName, change: (row: ObjectRow) => ObjectRow): Promise<void> {
  await deps.store.transact(async (tx) => {
    const { bucket, row } = await requireObject(tx, deps, call, input);
    if (!bucket.objectLock) throw errors.invalidRequest('Bucket is missing Object Lock Configuration');
    updateVersion(tx, bucket, input.Key ?? '', change(row), await isCurrent(tx, bucket, input.Key ?? '', row));
  });
}
