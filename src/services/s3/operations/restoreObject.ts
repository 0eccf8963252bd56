import { hexId } from '../../../base/ids.ts';
import { withAnswer } from '../../../framework/answer.ts';
import { objectAccess } from '../access.ts';
import { dueAfterDays } from '../domain/lifecycle.ts';
import { retrievalMs } from '../domain/storageClass.ts';
import { errors } from '../errors.ts';
import { tellObjectEvent } from '../events.ts';
import { scheduleRestore } from '../jobs/restore.ts';
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
    const tier = request?.GlacierJobParameters?.Tier ?? request?.Tier ?? 'Standard';
    return await deps.store.transact(async (tx) => {
      const { bucket, row } = await requireObject(tx, deps, call, input);
      const wait = retrievalMs(row.storageClass, tier);
      if ((row.restoreReadyMs ?? 0) > call.nowMs) throw errors.restoreAlreadyInProgress();
      const current = await isCurrent(tx, bucket, key, row);
      // "200 if it has been restored already, and its expiry is changed; 202 otherwise" (API reference, RestoreObject).
      if ((row.restoredUntilMs ?? 0) > call.nowMs) {
        updateVersion(tx, bucket, key, { ...row, restoredUntilMs: dueAfterDays(call.nowMs, days) }, current);
        return {};
      }
      const restoreReadyMs = call.nowMs + wait;
      const restored = { ...row, restoreReadyMs, restoredUntilMs: dueAfterDays(restoreReadyMs, days), restoreId: hexId(deps.random, 24) };
      updateVersion(tx, bucket, key, restored, current);
      await scheduleRestore(tx, deps, bucket, key, restored);
      await tellObjectEvent(tx, deps, call, bucket, { name: 'ObjectRestore:Post', key, row: restored });
      return withAnswer({}, { status: 202 });
    });
  },
});
