import { groupAccess, operation, scopeOf } from '../operation.ts';
import { requireGroup } from '../store.ts';

/** The older form of ListTagsForResource, by name. */
export const listTagsLogGroup = operation('ListTagsLogGroup', {
  access: ({ logGroupName = '' }, call) => groupAccess('ListTagsLogGroup', call, logGroupName),
  async handle({ logGroupName = '' }, call, { store }) {
    const group = await store.read((tx) => requireGroup(tx, scopeOf(call), logGroupName));
    return { tags: { ...group.tags } };
  },
});
