import { formatSecret, formatStages } from '../describe.ts';
import { requireSecret, secretAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import { formatReplicas } from '../replication.ts';

export const describeSecret = operation('DescribeSecret', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('DescribeSecret', SecretId, call, deps),
  async handle({ SecretId = '' }, call, { store }) {
    const found = await store.read((tx) => requireSecret(tx, call, SecretId));
    const stages = formatStages(found);
    return {
      ...formatSecret(found),
      ...(stages === undefined ? {} : { VersionIdsToStages: stages }),
      ...(found.secret.replicas === undefined ? {} : { ReplicationStatus: formatReplicas(found.secret) }),
    };
  },
});
