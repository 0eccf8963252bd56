// Tags of roles, users and customer managed policies: the same three operations for each.

import type { Operation } from '../../../framework/service.ts';
import { pageOfList, type PageInput } from '../domain/paging.ts';
import { mergeTags, removeTags, tagConditions, type GivenTag } from '../domain/tags.ts';
import { changePolicy, viewPolicy } from '../onPolicy.ts';
import { changeEntity, given, viewEntity } from '../onEntity.ts';
import { operation, type IamDeps } from '../operation.ts';
import { setEntity, setPolicyRow, type Tag } from '../store.ts';

export const tagOperations = {
  TagRole: operation('TagRole', tag('TagRole', 'role', (input) => input.RoleName)),
  TagUser: operation('TagUser', tag('TagUser', 'user', (input) => input.UserName)),
  UntagRole: operation('UntagRole', untag('UntagRole', 'role', (input) => input.RoleName)),
  UntagUser: operation('UntagUser', untag('UntagUser', 'user', (input) => input.UserName)),
  ListRoleTags: operation('ListRoleTags', list('ListRoleTags', 'role', (input) => input.RoleName)),
  ListUserTags: operation('ListUserTags', list('ListUserTags', 'user', (input) => input.UserName)),
  TagPolicy: operation(
    'TagPolicy',
    changePolicy({ action: 'TagPolicy', conditions: (input) => tagConditions(input.Tags) }, async ({ tx, row, input, call }) => {
      setPolicyRow(tx, call.account, { ...row, tags: mergeTags(row.tags, input.Tags) });
      return {};
    }),
  ),
  UntagPolicy: operation(
    'UntagPolicy',
    changePolicy({ action: 'UntagPolicy', conditions: (input) => keyConditions(input) }, async ({ tx, row, input, call }) => {
      setPolicyRow(tx, call.account, { ...row, tags: removeTags(row.tags, given(input.TagKeys)) });
      return {};
    }),
  ),
  ListPolicyTags: operation(
    'ListPolicyTags',
    viewPolicy({ action: 'ListPolicyTags' }, async ({ found, input }) => await pageOfTags(found.owner === 'customer' ? found.row.tags : [], input)),
  ),
};

type TaggedKind = 'role' | 'user';
type NameOf<In> = (input: In) => string | undefined;

function tag<In extends { readonly Tags: readonly GivenTag[] | undefined }>(
  action: string,
  kind: TaggedKind,
  nameOf: NameOf<In>,
): Operation<In, object, IamDeps> {
  return changeEntity({ action, kind, nameOf, conditions: (input: In) => tagConditions(input.Tags) }, async ({ tx, row, input, call }) => {
    setEntity(tx, call.account, { ...row, tags: mergeTags(row.tags, input.Tags) });
    return {};
  });
}

function untag<In extends { readonly TagKeys: readonly string[] | undefined }>(
  action: string,
  kind: TaggedKind,
  nameOf: NameOf<In>,
): Operation<In, object, IamDeps> {
  return changeEntity({ action, kind, nameOf, conditions: keyConditions }, async ({ tx, row, input, call }) => {
    setEntity(tx, call.account, { ...row, tags: removeTags(row.tags, given(input.TagKeys)) });
    return {};
  });
}

function list<In extends PageInput>(action: string, kind: TaggedKind, nameOf: NameOf<In>) {
  return viewEntity({ action, kind, nameOf }, async ({ row, input }) => await pageOfTags(row.tags, input));
}

async function pageOfTags(tags: readonly Tag[], input: PageInput) {
  const page = await pageOfList(input, tags, ({ Key }) => Key);
  return { Tags: [...page.items], ...page.position };
}

function keyConditions({ TagKeys }: { readonly TagKeys: readonly string[] | undefined }) {
  return { 'aws:TagKeys': given(TagKeys) };
}
