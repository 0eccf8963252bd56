import { invalidParameter } from '../errors.ts';
import { retentionDaysAllowed } from '../limits.ts';
import { groupAccess, operation, scopeOf } from '../operation.ts';
import { requireGroup, setGroup } from '../store.ts';

export const putRetentionPolicy = operation('PutRetentionPolicy', {
  access: ({ logGroupName = '' }, call) => groupAccess('PutRetentionPolicy', call, logGroupName),
  async handle({ logGroupName = '', retentionInDays = 0 }, call, { store }) {
    if (!retentionDaysAllowed.includes(retentionInDays)) {
      throw invalidParameter(
        `1 validation error detected: Value '${retentionInDays}' at 'retentionInDays' failed to satisfy constraint: ` +
          `Member must satisfy enum value set: [${retentionDaysAllowed.join(', ')}]`,
      );
    }
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      setGroup(tx, scope, logGroupName, { ...group, retentionDays: retentionInDays });
    });
    return {};
  },
});
