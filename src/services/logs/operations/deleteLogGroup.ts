import { ServiceError } from '../../../base/errors.ts';
import { groupAccess, operation, scopeOf } from '../operation.ts';
import { clearGroup, requireGroup } from '../store.ts';

export const deleteLogGroup = operation('DeleteLogGroup', {
  access: ({ logGroupName = '' }, call) => groupAccess('DeleteLogGroup', call, logGroupName),
  async handle({ logGroupName = '' }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      if (group.deletionProtected) {
        throw new ServiceError('ValidationException', 'The specified log group has deletion protection enabled and cannot be deleted.');
      }
      clearGroup(tx, scope, logGroupName, group);
    });
    return {};
  },
});
