import { withAnswer } from '../../../framework/answer.ts';
import { objectAccess } from '../access.ts';
import { dueAfterDays } from '../domain/lifecycle.ts';
import { isArchived } from '../domain/storageClass.ts';
import { errors } from '../errors.ts';
import { tellObjectEvent } from '../events.ts';
import { operation } from '../operation.ts';
import { requireObject } from '../reading.ts';
import { isCurrent, updateVersion } from '../versions.ts';

export const restoreObject = operation('RestoreObject', {
  access: (input, call, deps) => objectAccess(['RestoreObject'], input, call, deps),
  async handle(input, call, deps) {
    const { Key: key = '', RestoreRequest: request } = input;
    if (request?.Type !== undefined || request?.SelectParameters || request?.OutputLocation) throw errors.unsupported('S3 Select');
    const days = request?.Days;
    if (days === undefined || days < 1) throw errors.malformedXml();
    return await deps.store.transact(async (tx) => {
      const { bucket, row } = await requireObject(tx, deps, call, input);
      if (!isArchived(row.storageClass)) throw errors.invalidObjectState(row.storageClass ?? 'STANDARD');
      const again = (row.restoredUntilMs ?? 0) > call.nowMs;
      // DEVIATION: the copy is there at once; on AWS it takes minutes to hours.
      const restored = { ...row, restoredUntilMs: dueAfterDays(call.nowMs, days) };
      updateVersion(tx, bucket, key, restored, await isCurrent(tx, bucket, key, row));
      if (!again) {
        await tellObjectEvent(tx, deps, call, bucket, { name: 'ObjectRestore:Post', key, row: restored });
        await tellObjectEvent(tx, deps, call, bucket, { name: 'ObjectRestore:Completed', key, row: restored });
      }
      // "200 if it has been restored already, and its expiry is changed; 202 otherwise" (API reference, RestoreObject).
      return again ? {} : withAnswer({}, { status: 202 });
    });
  },
});
