import { withoutTags } from '../domain/tags.ts';
import { resourceNotFound } from '../errors.ts';
import { groupNameOfArn, operation, scopeOf, tagAccess } from '../operation.ts';
import { requireGroup, setGroup } from '../store.ts';

export const untagResource = operation('UntagResource', {
  access: ({ resourceArn = '' }) => tagAccess('UntagResource', resourceArn),
  async handle({ resourceArn = '', tagKeys = [] }, call, { store }) {
    const name = groupNameOfArn(resourceArn, call);
    if (name === undefined) throw resourceNotFound();
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, name);
      setGroup(tx, scope, name, { ...group, tags: withoutTags(group.tags, tagKeys) });
    });
    return {};
  },
});
