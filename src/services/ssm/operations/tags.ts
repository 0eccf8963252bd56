import type { Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { mergeTags, readTags, withoutTags } from '../domain/tags.ts';
import { invalidResourceId, invalidResourceType } from '../errors.ts';
import { findParameter, parameterAccess } from '../lookup.ts';
import type { FoundParameter } from '../lookup.ts';
import { parseReference } from '../domain/names.ts';
import { operation, scopeOf } from '../operation.ts';
import { setParameter } from '../store.ts';

interface Tagged {
  readonly ResourceType?: string | undefined;
  readonly ResourceId?: string | undefined;
}

export const addTagsToResource = operation('AddTagsToResource', {
  access: ({ ResourceId = '' }, call, deps) => parameterAccess('AddTagsToResource', ResourceId, call, deps),
  async handle(input, call, { store }) {
    requireParameterType(input);
    const added = readTags(input.Tags ?? []);
    await store.transact(async (tx) => {
      const { scope, name, row } = await requireTagged(tx, input, call);
      setParameter(tx, scope, name, { ...row, tags: mergeTags(row.tags ?? {}, added) });
    });
    return {};
  },
});

export const removeTagsFromResource = operation('RemoveTagsFromResource', {
  access: ({ ResourceId = '' }, call, deps) => parameterAccess('RemoveTagsFromResource', ResourceId, call, deps),
  async handle(input, call, { store }) {
    requireParameterType(input);
    await store.transact(async (tx) => {
      const { scope, name, row } = await requireTagged(tx, input, call);
      setParameter(tx, scope, name, { ...row, tags: withoutTags(row.tags ?? {}, input.TagKeys ?? []) });
    });
    return {};
  },
});

export const listTagsForResource = operation('ListTagsForResource', {
  access: ({ ResourceId = '' }, call, deps) => parameterAccess('ListTagsForResource', ResourceId, call, deps),
  async handle(input, call, { store }) {
    requireParameterType(input);
    const { row } = await store.read((tx) => requireTagged(tx, input, call));
    return { TagList: Object.entries(row.tags ?? {}).map(([Key, Value]) => ({ Key, Value })) };
  },
});

function requireParameterType({ ResourceType: type = '' }: Tagged): void {
  if (type !== 'Parameter') throw invalidResourceType(type);
}

async function requireTagged(tx: ReadTransaction, { ResourceId: id = '' }: Tagged, call: Call): Promise<FoundParameter> {
  const reference = parseReference(id, scopeOf(call));
  const found = reference && (await findParameter(tx, call, reference));
  if (found === undefined) throw invalidResourceId(id);
  return found;
}
