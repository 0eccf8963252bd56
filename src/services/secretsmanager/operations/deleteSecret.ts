import { parseSecretId } from '../domain/secretId.ts';
import { invalidParameter, invalidRequest, markedForDeletion, onReplica } from '../errors.ts';
import { deletionTimer } from '../jobs/timers.ts';
import { recoveryDaysMax, recoveryDaysMin } from '../limits.ts';
import { findSecret, isReplica, requireSecret, secretAccess } from '../lookup.ts';
import { operation, scopeOf } from '../operation.ts';
import { clearRotationTimer } from '../jobs/timers.ts';
import { clearSecret, setSecret } from '../store.ts';

const dayMs = 86_400_000;

export const deleteSecret = operation('DeleteSecret', {
  access: ({ SecretId = '', RecoveryWindowInDays, ForceDeleteWithoutRecovery }, call, deps) =>
    secretAccess('DeleteSecret', SecretId, call, deps, { RecoveryWindowInDays, ForceDeleteWithoutRecovery }),
  async handle({ SecretId = '', RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force = false }, call, { store, timers }) {
    if (force && days !== undefined) throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
    if (days !== undefined && (days < recoveryDaysMin || days > recoveryDaysMax)) {
      throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
    }
    return store.transact(async (tx) => {
      const reference = parseSecretId(SecretId, scopeOf(call));
      if (force && reference !== undefined && (await findSecret(tx, call, SecretId)) === undefined) {
        // API reference: forcing away what is not there is no error, so that a repetition is none.
        const name = reference.readings[0]?.name ?? SecretId;
        const ARN = SecretId.startsWith('arn:') ? SecretId : `arn:aws:secretsmanager:${call.region}:${call.account}:secret:${SecretId}`;
        return { ARN, Name: name, DeletionDate: new Date(call.nowMs) };
      }
      const found = await requireSecret(tx, call, SecretId);
      const { scope, name, arn, secret } = found;
      if (isReplica(found)) throw onReplica();
      if (secret.replicas !== undefined && secret.replicas.length > 0) {
        throw invalidRequest(`You can't delete secret ${name} that still has replica regions ${secret.replicas.map(({ region }) => region).join(', ')}`);
      }
      await clearRotationTimer(tx, found, timers);
      const timer = deletionTimer(found);
      if (force) {
        await timers.clear(tx, timer);
        clearSecret(tx, scope, name, secret);
        return { ARN: arn, Name: name, DeletionDate: new Date(call.nowMs) };
      }
      if (secret.deletesAtMs !== undefined) throw markedForDeletion();
      const deletesAtMs = call.nowMs + (days ?? recoveryDaysMax) * dayMs;
      setSecret(tx, scope, name, { ...secret, deletesAtMs });
      await timers.set(tx, { ...timer, dueMs: deletesAtMs, detail: { ...scope, name, id: secret.id } });
      return { ARN: arn, Name: name, DeletionDate: new Date(deletesAtMs) };
    });
  },
});
