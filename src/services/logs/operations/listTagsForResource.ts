import { resourceNotFound } from '../errors.ts';
import { groupNameOfArn, operation, scopeOf, tagAccess } from '../operation.ts';
import { requireGroup } from '../store.ts';

export const listTagsForResource = operation('ListTagsForResource', {
  access: ({ resourceArn = '' }) => tagAccess('ListTagsForResource', resourceArn),
  async handle({ resourceArn = '' }, call, { store }) {
    const name = groupNameOfArn(resourceArn, call);
    if (name === undefined) throw resourceNotFound();
    const group = await store.read((tx) => requireGroup(tx, scopeOf(call), name));
    return { tags: { ...group.tags } };
  },
});
