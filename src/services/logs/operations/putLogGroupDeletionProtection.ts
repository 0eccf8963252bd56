import { groupAccess, groupNameOf, operation, scopeOf } from '../operation.ts';
import { requireGroup, setGroup } from '../store.ts';

export const putLogGroupDeletionProtection = operation('PutLogGroupDeletionProtection', {
  access: (input, call) => groupAccess('PutLogGroupDeletionProtection', call, groupNameOf(input, call)),
  async handle({ deletionProtectionEnabled = false, ...input }, call, { store }) {
    const scope = scopeOf(call);
    const name = groupNameOf(input, call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, name);
      setGroup(tx, scope, name, { ...group, deletionProtected: deletionProtectionEnabled });
    });
    return {};
  },
});
