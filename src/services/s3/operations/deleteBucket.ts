import { bucketAccess } from '../access.ts';
import { errors } from '../errors.ts';
import { forgetLogs } from '../jobs/deliverLogs.ts';
import { unscheduleLifecycle } from '../jobs/lifecycle.ts';
import { operation } from '../operation.ts';
import { findBucketNow } from '../reading.ts';
import { buckets, countVersions, everywhere, loggedBuckets, objectCounts, ownedBuckets, requireBucket, settings, uploads } from '../store.ts';
import { abortUpload } from '../uploads.ts';

export const deleteBucket = operation('DeleteBucket', {
  access: (input, call, deps) => bucketAccess('DeleteBucket', input, call, deps),
  async handle(input, _call, deps) {
    const { store } = deps;
    const name = input.Bucket ?? '';
    const { id, versioning } = await findBucketNow(deps, name);
    // The count is read at commit, and every write of an object adds to it: none slips in between.
    if ((await store.read(async (tx) => await countVersions(tx, await requireBucket(tx, name)))) > 0) throw errors.bucketNotEmpty(name, versioning !== undefined);
    for (;;) {
      const unfinished = await store.read((tx) => uploads.list(tx, everywhere, [id], { limit: 100 }));
      if (unfinished.length === 0) break;
      for (const { parts } of unfinished) await store.transact((tx) => abortUpload(tx, deps, id, String(parts[1]), String(parts[2])));
    }
    await store.transact(async (tx) => {
      const bucket = await requireBucket(tx, name);
      if ((await countVersions(tx, bucket)) > 0) throw errors.bucketNotEmpty(name, bucket.versioning !== undefined);
      buckets.clear(tx, everywhere, [name]);
      ownedBuckets.clear(tx, everywhere, [bucket.account, name]);
      settings.clearAll(tx, everywhere, [bucket.id]);
      tx.clear(objectCounts.key(everywhere, [bucket.id]));
      await unscheduleLifecycle(tx, deps.timers, bucket);
      loggedBuckets.clear(tx, everywhere, [name]);
      await forgetLogs(tx, deps, bucket.id);
    });
    deps.accessLog.switched(name, false);
    return {};
  },
});
