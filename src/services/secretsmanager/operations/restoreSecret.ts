import { deletionTimer, setRotationTimer } from '../jobs/timers.ts';
import { requireSecret, secretAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import { setSecret } from '../store.ts';

export const restoreSecret = operation('RestoreSecret', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('RestoreSecret', SecretId, call, deps),
  async handle({ SecretId = '' }, call, { store, timers }) {
    return store.transact(async (tx) => {
      const found = await requireSecret(tx, call, SecretId);
      const { scope, name, arn, secret } = found;
      const { deletesAtMs, ...restored } = secret;
      if (deletesAtMs !== undefined) {
        setSecret(tx, scope, name, restored);
        await timers.clear(tx, deletionTimer(found));
        await setRotationTimer(tx, { ...found, secret: restored }, timers);
      }
      return { ARN: arn, Name: name };
    });
  },
});
