// Rows in the shapes that IAM answers with. Lists leave members out that the single reads have (API reference, ListRoles:
// "does not return … PermissionsBoundary, RoleLastUsed, Tags").

import type { Group, Policy, Role, User } from '@aws-sdk/client-iam';
import { encodeDocument } from './domain/documents.ts';
import { iamArn } from './domain/names.ts';
import type { ManagedPolicy } from './managedPolicies.ts';
import type { EntityRow, GroupRow, PolicyRow, PolicyUsesRow, RoleRow, UserRow } from './store.ts';

export function describeRole(account: string, row: RoleRow) {
  return {
    Path: row.path,
    RoleName: row.name,
    RoleId: row.id,
    Arn: iamArn(account, 'role', row.path, row.name),
    CreateDate: new Date(row.createdAtMs),
    AssumeRolePolicyDocument: encodeDocument(row.trustPolicy),
    ...(row.description !== undefined && { Description: row.description }),
    MaxSessionDuration: row.maxSessionSeconds,
  } satisfies Role;
}

export function describeUser(account: string, row: UserRow) {
  return {
    Path: row.path,
    UserName: row.name,
    UserId: row.id,
    Arn: iamArn(account, 'user', row.path, row.name),
    CreateDate: new Date(row.createdAtMs),
  } satisfies User;
}

// The model's only value is `PermissionsBoundaryPolicy`; IAM answers `Policy` all the same (user guide, example output of get-role).
const boundaryType = 'Policy' as string as 'PermissionsBoundaryPolicy';

/** The members that only single reads and creations answer. */
export function describeDetails(row: EntityRow) {
  return {
    ...(row.boundaryArn !== undefined && {
      PermissionsBoundary: { PermissionsBoundaryType: boundaryType, PermissionsBoundaryArn: row.boundaryArn },
    }),
    ...(row.tags.length > 0 && { Tags: [...row.tags] }),
  };
}

export function describePolicy(account: string, row: PolicyRow, uses: PolicyUsesRow) {
  return {
    PolicyName: row.name,
    PolicyId: row.id,
    Arn: iamArn(account, 'policy', row.path, row.name),
    Path: row.path,
    DefaultVersionId: `v${row.defaultVersion}`,
    AttachmentCount: uses.attached,
    PermissionsBoundaryUsageCount: uses.boundary,
    IsAttachable: true,
    CreateDate: new Date(row.createdAtMs),
    UpdateDate: new Date(row.updatedAtMs),
  } satisfies Policy;
}

export function describeManagedPolicy(policy: ManagedPolicy, uses: PolicyUsesRow) {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.versionId,
    AttachmentCount: uses.attached,
    PermissionsBoundaryUsageCount: uses.boundary,
    IsAttachable: true,
    CreateDate: new Date(policy.createdAtMs),
    UpdateDate: new Date(policy.updatedAtMs),
  } satisfies Policy;
}

export function describeGroup(account: string, row: GroupRow) {
  return {
    Path: row.path,
    GroupName: row.name,
    GroupId: row.id,
    Arn: iamArn(account, 'group', row.path, row.name),
    CreateDate: new Date(row.createdAtMs),
  } satisfies Group;
}
