import { unsupported } from '../errors.ts';
import { pageGroups } from '../groupPages.ts';
import type { NamedGroup } from '../groupPages.ts';
import { describeItemsDefault } from '../limits.ts';
import { groupAccess, groupArn, operation, scopeOf } from '../operation.ts';

interface TagFilter {
  readonly key: string | undefined;
  readonly values?: readonly string[] | undefined;
}

export const listLogGroups = operation('ListLogGroups', {
  access: (_input, call) => groupAccess('ListLogGroups', call, ''),
  async handle(input, call, { store }) {
    const { logGroupNamePattern: pattern, logGroupClass, accountIdentifiers, dataSources, fieldIndexNames, logGroupTags = [], limit, nextToken } = input;
    if (dataSources !== undefined) throw unsupported('The filter dataSources');
    // No account is linked to another here, every group is of the standard class, and none has a field index: other filters find nothing.
    if (accountIdentifiers && accountIdentifiers.length > 0 && !accountIdentifiers.includes(call.account)) return { logGroups: [] };
    if ((logGroupClass !== undefined && logGroupClass !== 'STANDARD') || fieldIndexNames !== undefined) return { logGroups: [] };
    // The model lets only names, "^" and "|" through, and the dot, which stands for any character in a regular expression.
    const form = pattern === undefined ? undefined : new RegExp(pattern);
    const isFiltered = form !== undefined || logGroupTags.length > 0;
    const wants = (named: NamedGroup): boolean => (form?.test(named.name) ?? true) && logGroupTags.every((filter) => hasTag(named, filter));
    const scope = scopeOf(call);
    return store.read(async (tx) => {
      const { found, next } = await pageGroups(tx, scope, { limit: limit ?? describeItemsDefault, token: nextToken, ...(isFiltered ? { wants } : {}) });
      return {
        logGroups: found.map(({ name }) => ({ logGroupName: name, logGroupArn: groupArn(scope, name), logGroupClass: 'STANDARD' as const })),
        ...(next === undefined ? {} : { nextToken: next }),
      };
    });
  },
});

// A filter without values asks for the key alone.
function hasTag({ group }: NamedGroup, { key = '', values = [] }: TagFilter): boolean {
  const value = Object.hasOwn(group.tags, key) ? group.tags[key] : undefined;
  return value !== undefined && (values.length === 0 || values.includes(value));
}
