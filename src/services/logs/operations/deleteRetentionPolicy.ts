import { groupAccess, operation, scopeOf } from '../operation.ts';
import { requireGroup, setGroup } from '../store.ts';

export const deleteRetentionPolicy = operation('DeleteRetentionPolicy', {
  access: ({ logGroupName = '' }, call) => groupAccess('DeleteRetentionPolicy', call, logGroupName),
  async handle({ logGroupName = '' }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const { retentionDays: _, ...group } = await requireGroup(tx, scope, logGroupName);
      setGroup(tx, scope, logGroupName, group);
    });
    return {};
  },
});
