import type { Call } from '../../../framework/context.ts';
import { parseRepositoryArn } from '../domain/names.ts';
import { mergeTags } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { operation, repositoryAccess, requireRepository } from '../operation.ts';
import type { EcrDeps } from '../operation.ts';
import { repositories } from '../store.ts';

const accessByArn = (action: string) => ({ resourceArn = '' }: { readonly resourceArn?: string | undefined }, _call: Call, deps: EcrDeps) => {
  const { scope, name } = requireArn(resourceArn);
  return repositoryAccess(action, scope, name, deps);
};

export const tagResource = operation('TagResource', {
  access: accessByArn('TagResource'),
  async handle({ resourceArn = '', tags = [] }, _call, { store }) {
    const { scope, name } = requireArn(resourceArn);
    await store.transact(async (tx) => {
      const { row } = await requireRepository(tx, scope, name);
      repositories.set(tx, scope, [name], { ...row, tags: mergeTags(row.tags, tags) });
    });
    return {};
  },
});

export const untagResource = operation('UntagResource', {
  access: accessByArn('UntagResource'),
  async handle({ resourceArn = '', tagKeys = [] }, _call, { store }) {
    const { scope, name } = requireArn(resourceArn);
    const keys = new Set(tagKeys);
    await store.transact(async (tx) => {
      const { row } = await requireRepository(tx, scope, name);
      repositories.set(tx, scope, [name], { ...row, tags: row.tags.filter(([key]) => !keys.has(key)) });
    });
    return {};
  },
});

export const listTagsForResource = operation('ListTagsForResource', {
  access: accessByArn('ListTagsForResource'),
  async handle({ resourceArn = '' }, _call, { store }) {
    const { scope, name } = requireArn(resourceArn);
    const { row } = await store.read((tx) => requireRepository(tx, scope, name));
    return { tags: row.tags.map(([Key, Value]) => ({ Key, Value })) };
  },
});

function requireArn(arn: string) {
  const parsed = parseRepositoryArn(arn);
  if (parsed === undefined) throw errors.invalidParameter("'resourceArn' failed to satisfy constraint: 'Invalid ARN'");
  return parsed;
}
