import { tagConditions } from '../access.ts';
import { requireNotPendingDeletion } from '../domain/keyState.ts';
import { itemsPerPage } from '../limits.ts';
import { accessKey, askedKey, changeKey, operation } from '../operation.ts';
import { pageOfList } from '../paging.ts';
import { setKey } from '../store.ts';
import { mergeTags } from '../tagging.ts';

export const tagResource = operation('TagResource', {
  access: ({ KeyId, Tags }, call, deps) => accessKey(deps, call, KeyId, { action: 'TagResource', conditions: tagConditions(Tags) }, { aliases: false }),
  async handle({ KeyId, Tags }, call, deps) {
    await changeKey(deps, call, KeyId, async (tx, { scope, row, arn }) => {
      requireNotPendingDeletion(row, arn, call.nowMs);
      setKey(tx, scope, { ...row, tags: mergeTags(row.tags, Tags) });
    });
    return {};
  },
});

export const untagResource = operation('UntagResource', {
  access: ({ KeyId, TagKeys = [] }, call, deps) => accessKey(deps, call, KeyId, { action: 'UntagResource', conditions: { 'aws:TagKeys': TagKeys } }, { aliases: false }),
  async handle({ KeyId, TagKeys = [] }, call, deps) {
    await changeKey(deps, call, KeyId, async (tx, { scope, row, arn }) => {
      requireNotPendingDeletion(row, arn, call.nowMs);
      setKey(tx, scope, { ...row, tags: row.tags.filter(({ TagKey }) => !TagKeys.includes(TagKey)) });
    });
    return {};
  },
});

export const listResourceTags = operation('ListResourceTags', {
  access: ({ KeyId }, call, deps) => accessKey(deps, call, KeyId, { action: 'ListResourceTags' }, { aliases: false }),
  async handle(input, call, deps) {
    const { row } = await askedKey(deps, call, input.KeyId);
    const { items, end } = await pageOfList(input, itemsPerPage, row.tags, ({ TagKey }) => TagKey);
    return { Tags: [...items], ...end };
  },
});
