// GetAccountAuthorizationDetails: everything that decides what anybody may do, in pages.

import type { GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail } from '@aws-sdk/client-iam';
import type { Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { describeDetails, describeGroup, describeManagedPolicy, describePolicy, describeRole, describeUser } from '../describe.ts';
import { encodeDocument } from '../domain/documents.ts';
import { iamArn } from '../domain/names.ts';
import { pageOf } from '../domain/paging.ts';
import { operation, type IamDeps } from '../operation.ts';
import { listOwned, resourceTables } from '../resourceStore.ts';
import { findEntityUse, listEntityRows, listInlinePolicies, listPolicyRows, listPolicyVersions, nameKey, scopeOf, usesOf, type EntityRow, type PolicyRow } from '../store.ts';
import type { ManagedPolicy } from '../managedPolicies.ts';

type Detail = { readonly section: 'User' | 'Group' | 'Role'; readonly row: EntityRow } | { readonly section: 'LocalManagedPolicy'; readonly row: PolicyRow } | { readonly section: 'AWSManagedPolicy'; readonly row: ManagedPolicy };
type Section = Detail['section'];
type Listed = { key: string; item: Detail };

// In the order in which they are answered; a marker names the section by its place.
const sections: readonly Section[] = ['User', 'Group', 'Role', 'LocalManagedPolicy', 'AWSManagedPolicy'];

const getDetails = operation('GetAccountAuthorizationDetails', {
  access: () => ({ action: 'iam:GetAccountAuthorizationDetails', resource: '*' }),
  async handle(input, call, deps) {
    const wanted = new Set<string>(input.Filter ?? sections);
    return await deps.store.read(async (tx) => {
      const page = await pageOf(input, (after, limit) => listDetails(tx, { after, limit, wanted }, call, deps));
      const answer: Filled = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [], Policies: [] };
      for (const item of page.items) await addDetail(answer, item, tx, call);
      return { ...answer, ...page.position };
    });
  },
});

interface Filled {
  readonly UserDetailList: UserDetail[];
  readonly GroupDetailList: GroupDetail[];
  readonly RoleDetailList: RoleDetail[];
  readonly Policies: ManagedPolicyDetail[];
}

/** By its name in the API. */
export const authorizationDetailsOperations = { GetAccountAuthorizationDetails: getDetails };

interface Wanted {
  readonly after: string | undefined;
  readonly limit: number;
  readonly wanted: ReadonlySet<string>;
}

async function listDetails(tx: ReadTransaction, { after = '0', limit, wanted }: Wanted, call: Call, deps: IamDeps): Promise<Listed[]> {
  const found: Listed[] = [];
  const first = Number(after.charAt(0));
  for (const [place, section] of sections.entries()) {
    if (place < first || !wanted.has(section) || found.length >= limit) continue;
    const behind = place === first && after.length > 1 ? after.slice(1) : undefined;
    const rows = await listSection(section, tx, { after: behind, limit: limit - found.length }, call, deps);
    found.push(...rows.map(({ key, item }) => ({ key: `${place}${key}`, item })));
  }
  return found;
}

async function listSection(section: Section, tx: ReadTransaction, from: { readonly after: string | undefined; readonly limit: number }, { account }: Call, { managedPolicies }: IamDeps): Promise<Listed[]> {
  if (section === 'LocalManagedPolicy') {
    const rows = await listPolicyRows(tx, account, { after: from.after ?? '', limit: from.limit });
    return rows.map(({ key, item }) => ({ key, item: { section, row: item } }));
  }
  if (section !== 'AWSManagedPolicy') {
    const kind = ({ User: 'user', Group: 'group', Role: 'role' } as const)[section];
    return (await listEntityRows(tx, account, kind, from)).map(({ key, item }) => ({ key, item: { section, row: item } }));
  }
  const found: Listed[] = [];
  // Of AWS's own policies those in use (API reference: "attached to" something in the account).
  for (const row of managedPolicies.all.filter(({ name }) => from.after === undefined || name > from.after)) {
    if (found.length >= from.limit) break;
    const uses = await usesOf(tx, account, row.arn);
    if (uses.attached + uses.boundary > 0) found.push({ key: row.name, item: { section, row } });
  }
  return found;
}

async function addDetail(answer: Filled, item: Detail, tx: ReadTransaction, { account }: Call): Promise<void> {
  if (item.section === 'LocalManagedPolicy') answer.Policies.push(await describeOwnPolicy(tx, item.row, account));
  else if (item.section === 'AWSManagedPolicy') {
    const { row } = item;
    const version = { Document: encodeDocument(row.document), VersionId: row.versionId, IsDefaultVersion: true, CreateDate: new Date(row.updatedAtMs) };
    answer.Policies.push({ ...describeManagedPolicy(row, await usesOf(tx, account, row.arn)), PolicyVersionList: [version] });
  } else {
    const { row } = item;
    const AttachedManagedPolicies = row.attached.map((arn) => ({ PolicyName: arn.split('/').at(-1) ?? '', PolicyArn: arn }));
    const inline = (await listInlinePolicies(tx, account, row)).map(({ name, document }) => ({ PolicyName: name, PolicyDocument: encodeDocument(document) }));
    if (row.kind === 'user') answer.UserDetailList.push({ ...describeUser(account, row), ...describeDetails(row), UserPolicyList: inline, GroupList: [...row.groups], AttachedManagedPolicies });
    else if (row.kind === 'group') answer.GroupDetailList.push({ ...describeGroup(account, row), GroupPolicyList: inline, AttachedManagedPolicies });
    else {
      const { Description, MaxSessionDuration, ...role } = describeRole(account, row);
      const used = await findEntityUse(tx, account, row.id);
      const RoleLastUsed = used ? { LastUsedDate: new Date(used.atMs), Region: used.region } : {};
      const InstanceProfileList = await describeProfiles(tx, row.name, account, describeRole(account, row));
      answer.RoleDetailList.push({ ...role, ...describeDetails(row), RolePolicyList: inline, AttachedManagedPolicies, InstanceProfileList, RoleLastUsed });
    }
  }
}

async function describeOwnPolicy(tx: ReadTransaction, row: PolicyRow, account: string): Promise<ManagedPolicyDetail> {
  const versions = await listPolicyVersions(tx, account, row);
  const uses = await usesOf(tx, account, iamArn(account, 'policy', row.path, row.name));
  return {
    ...describePolicy(account, row, uses),
    ...(row.description !== undefined && { Description: row.description }),
    PolicyVersionList: versions.map(({ document, number, createdAtMs }) => ({
      Document: encodeDocument(document),
      VersionId: `v${number}`,
      IsDefaultVersion: number === row.defaultVersion,
      CreateDate: new Date(createdAtMs),
    })),
  };
}

const profilesPerRole = 100;

async function describeProfiles(tx: ReadTransaction, roleName: string, account: string, role: ReturnType<typeof describeRole>) {
  const names = await listOwned(resourceTables.profilesOfRole, tx, account, roleName, { limit: profilesPerRole });
  const rows = await Promise.all(names.map(({ item }) => resourceTables.instanceProfiles.get(tx, scopeOf(account), [nameKey(item)])));
  return rows
    .filter((row) => row !== undefined)
    .map(({ name, path, id, createdAtMs }) => ({
      Path: path,
      InstanceProfileName: name,
      InstanceProfileId: id,
      Arn: iamArn(account, 'instance-profile', path, name),
      CreateDate: new Date(createdAtMs),
      Roles: [role],
    }));
}
