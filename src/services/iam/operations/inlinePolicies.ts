// Policies written into a role, user or group: the same four operations for each.

import type { Operation } from '../../../framework/service.ts';
import { checkDocument, encodeDocument } from '../domain/documents.ts';
import { pageOfList, type PageInput } from '../domain/paging.ts';
import { errors } from '../errors.ts';
import { inlineCharsMax } from '../limits.ts';
import { changeEntity, given, viewEntity } from '../onEntity.ts';
import { operation, type IamDeps } from '../operation.ts';
import { clearInlinePolicy, findInlinePolicy, listInlinePolicies, setEntity, setInlinePolicy, type EntityKind } from '../store.ts';

export const inlinePolicyOperations = {
  PutRolePolicy: operation('PutRolePolicy', put('PutRolePolicy', 'role', (input) => input.RoleName)),
  PutUserPolicy: operation('PutUserPolicy', put('PutUserPolicy', 'user', (input) => input.UserName)),
  PutGroupPolicy: operation('PutGroupPolicy', put('PutGroupPolicy', 'group', (input) => input.GroupName)),
  GetRolePolicy: operation(
    'GetRolePolicy',
    get('GetRolePolicy', 'role', (input) => input.RoleName, (RoleName) => ({ RoleName })),
  ),
  GetUserPolicy: operation(
    'GetUserPolicy',
    get('GetUserPolicy', 'user', (input) => input.UserName, (UserName) => ({ UserName })),
  ),
  GetGroupPolicy: operation(
    'GetGroupPolicy',
    get('GetGroupPolicy', 'group', (input) => input.GroupName, (GroupName) => ({ GroupName })),
  ),
  DeleteRolePolicy: operation('DeleteRolePolicy', remove('DeleteRolePolicy', 'role', (input) => input.RoleName)),
  DeleteUserPolicy: operation('DeleteUserPolicy', remove('DeleteUserPolicy', 'user', (input) => input.UserName)),
  DeleteGroupPolicy: operation('DeleteGroupPolicy', remove('DeleteGroupPolicy', 'group', (input) => input.GroupName)),
  ListRolePolicies: operation('ListRolePolicies', list('ListRolePolicies', 'role', (input) => input.RoleName)),
  ListUserPolicies: operation('ListUserPolicies', list('ListUserPolicies', 'user', (input) => input.UserName)),
  ListGroupPolicies: operation('ListGroupPolicies', list('ListGroupPolicies', 'group', (input) => input.GroupName)),
};

type NameOf<In> = (input: In) => string | undefined;
interface Named {
  readonly PolicyName: string | undefined;
}

function put<In extends Named & { readonly PolicyDocument: string | undefined }>(
  action: string,
  kind: EntityKind,
  nameOf: NameOf<In>,
): Operation<In, object, IamDeps> {
  return changeEntity({ action, kind, nameOf }, async ({ tx, row, input, call }) => {
    const name = given(input.PolicyName);
    const { text: document, chars } = checkDocument(given(input.PolicyDocument), 'identity');
    const replaced = await findInlinePolicy(tx, call.account, row, name);
    const inlineChars = row.inlineChars - (replaced?.chars ?? 0) + chars;
    if (inlineChars > inlineCharsMax[kind]) throw errors.inlineSizeExceeded(kind, row.name, inlineCharsMax[kind]);
    setInlinePolicy(tx, call.account, row, { name, document, chars });
    setEntity(tx, call.account, { ...row, inlineChars });
    return {};
  });
}

function get<In extends Named, Owner>(action: string, kind: EntityKind, nameOf: NameOf<In>, ownerOf: (name: string) => Owner) {
  return viewEntity({ action, kind, nameOf }, async ({ tx, row, input, call }) => {
    const name = given(input.PolicyName);
    const found = await findInlinePolicy(tx, call.account, row, name);
    if (!found) throw errors.noSuchInlinePolicy(kind, name);
    return { ...ownerOf(row.name), PolicyName: found.name, PolicyDocument: encodeDocument(found.document) };
  });
}

function remove<In extends Named>(action: string, kind: EntityKind, nameOf: NameOf<In>): Operation<In, object, IamDeps> {
  return changeEntity({ action, kind, nameOf }, async ({ tx, row, input, call }) => {
    const name = given(input.PolicyName);
    const found = await findInlinePolicy(tx, call.account, row, name);
    if (!found) throw errors.noSuchInlinePolicy(kind, name);
    clearInlinePolicy(tx, call.account, row, found.name);
    setEntity(tx, call.account, { ...row, inlineChars: row.inlineChars - found.chars });
    return {};
  });
}

function list<In extends PageInput>(action: string, kind: EntityKind, nameOf: NameOf<In>) {
  return viewEntity({ action, kind, nameOf }, async ({ tx, row, input, call }) => {
    const names = (await listInlinePolicies(tx, call.account, row)).map(({ name }) => name);
    const page = await pageOfList(input, names, (name) => name);
    return { PolicyNames: [...page.items], ...page.position };
  });
}
