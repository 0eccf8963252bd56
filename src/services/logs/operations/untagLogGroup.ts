import { withoutTags } from '../domain/tags.ts';
import { groupAccess, operation, scopeOf } from '../operation.ts';
import { requireGroup, setGroup } from '../store.ts';

/** The older form of UntagResource, by name. */
export const untagLogGroup = operation('UntagLogGroup', {
  access: ({ logGroupName = '' }, call) => groupAccess('UntagLogGroup', call, logGroupName),
  async handle({ logGroupName = '', tags = [] }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      setGroup(tx, scope, logGroupName, { ...group, tags: withoutTags(group.tags, tags) });
    });
    return {};
  },
});
