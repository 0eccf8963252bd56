import { clearRotationTimer } from '../jobs/timers.ts';
import { requirePrimary, secretAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import { changedEverywhere } from '../replication.ts';
import { setSecret } from '../store.ts';

export const cancelRotateSecret = operation('CancelRotateSecret', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('CancelRotateSecret', SecretId, call, deps),
  async handle({ SecretId = '' }, call, deps) {
    return deps.store.transact(async (tx) => {
      const found = await requirePrimary(tx, call, SecretId);
      const { scope, name, arn } = found;
      const { run, nextAtMs: _next, ...rotation } = found.secret.rotation ?? { enabled: false };
      // What a run under way has announced stays: AWS leaves AWSPENDING to whoever cleans up.
      const secret = { ...found.secret, rotation: { ...rotation, enabled: false }, changedAtMs: call.nowMs };
      setSecret(tx, scope, name, secret);
      await clearRotationTimer(tx, found, deps.timers);
      changedEverywhere(tx, { ...found, secret }, deps);
      return { ARN: arn, Name: name, ...(run === undefined ? {} : { VersionId: run.token }) };
    });
  },
});
