import { mergeTags } from '../domain/tags.ts';
import { groupAccess, operation, scopeOf } from '../operation.ts';
import { requireGroup, setGroup } from '../store.ts';

/** The older form of TagResource, by name. */
export const tagLogGroup = operation('TagLogGroup', {
  access: ({ logGroupName = '' }, call) => groupAccess('TagLogGroup', call, logGroupName),
  async handle({ logGroupName = '', tags = {} }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      setGroup(tx, scope, logGroupName, { ...group, tags: mergeTags(logGroupName, group.tags, tags) });
    });
    return {};
  },
});
