import { invalidParameter, invalidRequest, secretNotFound } from '../errors.ts';
import { isReplica, requireLive, requirePrimary, secretAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import { beginReplicas, formatReplicas, withoutReplica } from '../replication.ts';
import { clearSecret, secrets, setSecret } from '../store.ts';

export const replicateSecretToRegions = operation('ReplicateSecretToRegions', {
  access: ({ SecretId = '', AddReplicaRegions = [], ForceOverwriteReplicaSecret }, call, deps) =>
    secretAccess('ReplicateSecretToRegions', SecretId, call, deps, {
      AddReplicaRegions: AddReplicaRegions.flatMap(({ Region }) => Region ?? []),
      ForceOverwriteReplicaSecret,
    }),
  async handle(input, call, deps) {
    return deps.store.transact(async (tx) => {
      const found = await requirePrimary(tx, call, input.SecretId ?? '');
      const secret = beginReplicas(tx, found, input, deps);
      return { ARN: found.arn, ReplicationStatus: formatReplicas(secret) };
    });
  },
});

export const removeRegionsFromReplication = operation('RemoveRegionsFromReplication', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('RemoveRegionsFromReplication', SecretId, call, deps),
  async handle({ SecretId = '', RemoveReplicaRegions: regions = [] }, call, { store }) {
    return store.transact(async (tx) => {
      const found = await requirePrimary(tx, call, SecretId);
      const { scope, name, arn, secret } = found;
      for (const region of regions) {
        if (!secret.replicas?.some((replica) => replica.region === region)) throw invalidParameter(`The secret is not replicated to region ${region}.`);
        const there = { account: scope.account, region };
        const copy = await secrets.get(tx, there, [name]);
        if (copy?.id === secret.id) clearSecret(tx, there, name, copy);
      }
      const next = withoutReplica(secret, regions, scope.region);
      setSecret(tx, scope, name, next);
      return { ARN: arn, ReplicationStatus: formatReplicas(next) };
    });
  },
});

export const stopReplicationToReplica = operation('StopReplicationToReplica', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('StopReplicationToReplica', SecretId, call, deps),
  async handle({ SecretId = '' }, call, { store }) {
    return store.transact(async (tx) => {
      const found = await requireLive(tx, call, SecretId);
      const { scope, name, arn, secret } = found;
      if (!isReplica(found) || secret.primaryRegion === undefined) throw invalidRequest('You can only stop replication of a replica secret, in the region of the replica.');
      const home = { account: scope.account, region: secret.primaryRegion };
      const primary = await secrets.get(tx, home, [name]);
      if (primary === undefined || primary.id !== secret.id) throw secretNotFound();
      setSecret(tx, home, name, withoutReplica(primary, [scope.region], home.region));
      // From now on it is a secret of its own; its rotation was the primary's.
      const { primaryRegion: _home, rotation: _rotation, ...own } = secret;
      setSecret(tx, scope, name, { ...own, changedAtMs: call.nowMs });
      return { ARN: arn };
    });
  },
});
