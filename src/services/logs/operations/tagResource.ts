import { mergeTags } from '../domain/tags.ts';
import { resourceNotFound } from '../errors.ts';
import { groupNameOfArn, operation, scopeOf, tagAccess } from '../operation.ts';
import { requireGroup, setGroup } from '../store.ts';

export const tagResource = operation('TagResource', {
  access: ({ resourceArn = '', tags }) => tagAccess('TagResource', resourceArn, tags),
  async handle({ resourceArn = '', tags = {} }, call, { store }) {
    const name = groupNameOfArn(resourceArn, call);
    if (name === undefined) throw resourceNotFound();
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, name);
      setGroup(tx, scope, name, { ...group, tags: mergeTags(name, group.tags, tags) });
    });
    return {};
  },
});
