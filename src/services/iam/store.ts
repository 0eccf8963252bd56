// Every row of IAM. IAM is global: the region of its keys is empty. Names are unique without regard to case, so keys hold
// them in lower case and rows as they were given.
//
//   entities          [kind, name]                        roles, users and groups with what is attached to them
//   inlinePolicies    [kind, name, policy name]
//   policies          [name]                              customer managed policies
//   policyVersions    [name, number]
//   policyUses        [policy ARN]                        how often a policy (AWS's included) is attached or a boundary
//   policyUsers       [policy ARN, use, kind, name]
//   groupMembers      [group, user]
//   entityCounts      [kind]                              for the quotas
//   epochs            []                                  grows with every change that can alter what somebody may do
//   actionUses        [entity id, action]                 when it was last asked for; of all actions under ''
//   keyUses           [access key id]
//   reportJobs        [job id]
//   reportJobAges     [made at, job id]
//   controlPolicies   []                                  service control policies, for all accounts
//   credentials       [access key id]                     of all accounts: who signs with a key is not known before
//   sessionExpiries   [expiry, access key id]             likewise

import type { Key, ReadTransaction, Store, Transaction } from '../../kv/store.ts';
import { defineTable, type Scope } from '../../kv/table.ts';
import type { Caller, PolicyText } from '../../ports/identity.ts';
import { actionUsesPerEntity, inlinePoliciesMax, policyVersionsMax, rememberedRowsMax } from './limits.ts';

export type EntityKind = 'role' | 'user' | 'group';
export type PolicyUse = 'attached' | 'boundary';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

interface EntityBase {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly createdAtMs: number;
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
  /** Characters of all inline policies, without white space. */
  readonly inlineChars: number;
  readonly boundaryArn?: string;
  readonly tags: readonly Tag[];
}

export interface RoleRow extends EntityBase {
  readonly kind: 'role';
  readonly trustPolicy: string;
  readonly description?: string;
  readonly maxSessionSeconds: number;
}

export interface UserRow extends EntityBase {
  readonly kind: 'user';
  readonly accessKeyIds: readonly string[];
  /** Names of groups. */
  readonly groups: readonly string[];
}

export interface GroupRow extends EntityBase {
  readonly kind: 'group';
}

export type EntityRow = RoleRow | UserRow | GroupRow;
export type EntityOf<Kind extends EntityKind> = Extract<EntityRow, { kind: Kind }>;

export interface InlinePolicyRow {
  readonly name: string;
  readonly document: string;
  readonly chars: number;
}

export interface PolicyRow {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly description?: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly defaultVersion: number;
  /** The number the next version gets; numbers are never given twice. */
  readonly nextVersion: number;
  readonly versionCount: number;
  readonly tags: readonly Tag[];
}

export interface PolicyVersionRow {
  readonly document: string;
  readonly createdAtMs: number;
}

export interface PolicyUsesRow {
  readonly attached: number;
  readonly boundary: number;
}

export type CredentialRow = AccessKeyRow | SessionRow;

export interface AccessKeyRow {
  readonly kind: 'user-key';
  readonly secret: string;
  readonly createdAtMs: number;
  readonly active: boolean;
  /** The user as it is now: renaming a user rewrites this. */
  readonly caller: Extract<Caller, { kind: 'user' }>;
}

export interface SessionRow {
  readonly kind: 'session';
  readonly secret: string;
  readonly token: string;
  readonly expiresAtMs: number;
  readonly expiresBy?: 'wall';
  readonly caller: Caller;
  readonly policies?: readonly PolicyText[];
  readonly conditions?: Readonly<Record<string, string>>;
  /** Made for a role that did not exist, which only local mode tolerates. */
  readonly roleMissing?: true;
}

export interface ActionUseRow {
  readonly atMs: number;
  readonly region: string;
}

export interface KeyUseRow extends ActionUseRow {
  readonly service: string;
}

export interface ControlPoliciesRow {
  /** From the root of the organisation down. */
  readonly levels: readonly (readonly PolicyText[])[];
  /** Like an organisation's management account: bound by none. */
  readonly exemptAccounts: readonly string[];
}

export interface ReportJobRow {
  readonly arn: string;
  /** Whether it tells single actions. */
  readonly actions: boolean;
  readonly createdAtMs: number;
}

/** For rows that are found before the account is known, and for names that are unique over all. */
export const everyAccount: Scope = { account: '', region: '' };

export const tables = {
  entities: defineTable<EntityRow>('iam', 'entities', { remember: rememberedRowsMax }),
  inlinePolicies: defineTable<InlinePolicyRow>('iam', 'inlinePolicies'),
  policies: defineTable<PolicyRow>('iam', 'policies'),
  policyVersions: defineTable<PolicyVersionRow>('iam', 'policyVersions'),
  policyUses: defineTable<PolicyUsesRow>('iam', 'policyUses'),
  policyUsers: defineTable<{ readonly name: string; readonly id: string; readonly path: string }>('iam', 'policyUsers'),
  groupMembers: defineTable<{ readonly name: string }>('iam', 'groupMembers'),
  entityCounts: defineTable<{ readonly count: number }>('iam', 'entityCounts'),
  epochs: defineTable<object>('iam', 'epochs'),
  actionUses: defineTable<ActionUseRow>('iam', 'actionUses'),
  keyUses: defineTable<KeyUseRow>('iam', 'keyUses'),
  reportJobs: defineTable<ReportJobRow>('iam', 'reportJobs'),
  reportJobAges: defineTable<object>('iam', 'reportJobAges'),
  controlPolicies: defineTable<ControlPoliciesRow>('iam', 'controlPolicies'),
  credentials: defineTable<CredentialRow>('iam', 'credentials', { remember: rememberedRowsMax }),
  sessionExpiries: defineTable<object>('iam', 'sessionExpiries'),
  wallSessionExpiries: defineTable<object>('iam', 'wallSessionExpiries'),
};

export function scopeOf(account: string): Scope {
  return { account, region: '' };
}

/** The form of a name in keys. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

export async function findEntity<Kind extends EntityKind>(
  tx: ReadTransaction,
  account: string,
  kind: Kind,
  name: string,
): Promise<EntityOf<Kind> | undefined> {
  const row = await tables.entities.get(tx, scopeOf(account), [kind, nameKey(name)]);
  return row as EntityOf<Kind> | undefined;
}

/** Writes a role, user or group. Whatever changed may change permissions, so the account's epoch moves on. */
export function setEntity(tx: Transaction, account: string, row: EntityRow): void {
  tables.entities.set(tx, scopeOf(account), [row.kind, nameKey(row.name)], row);
  moveEpoch(tx, account);
}

export function clearEntity(tx: Transaction, account: string, row: EntityRow): void {
  tables.entities.clear(tx, scopeOf(account), [row.kind, nameKey(row.name)]);
  tables.actionUses.clearAll(tx, scopeOf(account), [row.id]);
  moveEpoch(tx, account);
}

export type CountedKind = EntityKind | 'policy' | 'instanceProfile' | 'mfaDevice' | 'mfaInUse' | 'serverCertificate';

/** Adds `delta` to the number of entities of a kind and returns the new number. */
export async function addToCount(tx: Transaction, account: string, kind: CountedKind, delta: number): Promise<number> {
  const count = (await countOf(tx, account, kind)) + delta;
  tables.entityCounts.set(tx, scopeOf(account), [kind], { count });
  return count;
}

/** How many of a kind there are. */
export async function countOf(tx: ReadTransaction, account: string, kind: CountedKind): Promise<number> {
  return (await tables.entityCounts.get(tx, scopeOf(account), [kind]))?.count ?? 0;
}

export async function findPolicyRow(tx: ReadTransaction, account: string, name: string): Promise<PolicyRow | undefined> {
  return await tables.policies.get(tx, scopeOf(account), [nameKey(name)]);
}

export function setPolicyRow(tx: Transaction, account: string, row: PolicyRow): void {
  tables.policies.set(tx, scopeOf(account), [nameKey(row.name)], row);
  moveEpoch(tx, account);
}

export function clearPolicyRow(tx: Transaction, account: string, row: PolicyRow): void {
  tables.policies.clear(tx, scopeOf(account), [nameKey(row.name)]);
  moveEpoch(tx, account);
}

/** Records that `row` uses the policy (`delta` 1) or no longer does (-1). */
export async function countPolicyUse(
  tx: Transaction,
  account: string,
  change: { readonly policyArn: string; readonly use: PolicyUse; readonly row: EntityRow; readonly delta: 1 | -1 },
): Promise<void> {
  const { policyArn, use, row, delta } = change;
  const scope = scopeOf(account);
  const uses = await usesOf(tx, account, policyArn);
  tables.policyUses.set(tx, scope, [policyArn], { ...uses, [use]: uses[use] + delta });
  const parts = [policyArn, use, row.kind, nameKey(row.name)];
  if (delta === 1) tables.policyUsers.set(tx, scope, parts, { name: row.name, id: row.id, path: row.path });
  else tables.policyUsers.clear(tx, scope, parts);
}

export async function usesOf(tx: ReadTransaction, account: string, policyArn: string): Promise<PolicyUsesRow> {
  return (await tables.policyUses.get(tx, scopeOf(account), [policyArn])) ?? { attached: 0, boundary: 0 };
}

export function epochKey(account: string): Key {
  return tables.epochs.key(scopeOf(account), ['epoch']);
}

// An addition conflicts with nothing: two changes of one account may commit side by side.
export function moveEpoch(tx: Transaction, account: string): void {
  tx.add(epochKey(account), 1n);
}

/** A credential as it was acknowledged, without a transaction around one read. */
export async function lookCredentialRow(store: Store, accessKeyId: string): Promise<CredentialRow | undefined> {
  const key = tables.credentials.key(everyAccount, [accessKeyId]);
  const [value] = await store.getMany([key]);
  return value && tables.credentials.decode(value, key);
}

export async function findCredentialRow(tx: ReadTransaction, accessKeyId: string): Promise<CredentialRow | undefined> {
  return await tables.credentials.get(tx, everyAccount, [accessKeyId]);
}

export function setCredentialRow(tx: Transaction, accessKeyId: string, row: CredentialRow): void {
  tables.credentials.set(tx, everyAccount, [accessKeyId], row);
  if (row.kind === 'session') expiriesOf(row.expiresBy).set(tx, everyAccount, [row.expiresAtMs, accessKeyId], {});
}

export function clearCredentialRow(tx: Transaction, accessKeyId: string): void {
  tables.credentials.clear(tx, everyAccount, [accessKeyId]);
}

// The two kinds of time have an order of their own each.
const expiriesOf = (expiresBy: SessionRow['expiresBy']) => (expiresBy === 'wall' ? tables.wallSessionExpiries : tables.sessionExpiries);

/** Clears up to `limit` of the sessions of one kind that expired before `beforeMs`, in their own time. */
export async function clearExpiredSessions(
  tx: Transaction,
  { expiresBy, beforeMs, limit }: { readonly expiresBy: SessionRow['expiresBy']; readonly beforeMs: number; readonly limit: number },
): Promise<void> {
  const expiries = expiriesOf(expiresBy);
  const expired = await expiries.list(tx, everyAccount, [], { limit, before: [beforeMs] });
  for (const { parts } of expired) {
    expiries.clear(tx, everyAccount, parts);
    tables.credentials.clear(tx, everyAccount, parts.slice(1));
  }
}

/** All inline policies of an entity, by name. Their quota bounds how many there can be. */
export async function listInlinePolicies(tx: ReadTransaction, account: string, row: EntityRow): Promise<InlinePolicyRow[]> {
  const rows = await tables.inlinePolicies.list(tx, scopeOf(account), [row.kind, nameKey(row.name)], { limit: inlinePoliciesMax });
  return rows.map((found) => found.row);
}

export async function findInlinePolicy(tx: ReadTransaction, account: string, row: EntityRow, name: string): Promise<InlinePolicyRow | undefined> {
  return await tables.inlinePolicies.get(tx, scopeOf(account), inlineParts(row, name));
}

/** The caller writes the entity's row as well, which moves the epoch. */
export function setInlinePolicy(tx: Transaction, account: string, row: EntityRow, policy: InlinePolicyRow): void {
  tables.inlinePolicies.set(tx, scopeOf(account), inlineParts(row, policy.name), policy);
}

export function clearInlinePolicy(tx: Transaction, account: string, row: EntityRow, name: string): void {
  tables.inlinePolicies.clear(tx, scopeOf(account), inlineParts(row, name));
}

// Names of inline policies keep their case.
function inlineParts(row: EntityRow, name: string): string[] {
  return [row.kind, nameKey(row.name), name];
}

/** Roles, users or groups by name, behind the key `after`. */
export async function listEntityRows<Kind extends EntityKind>(
  tx: ReadTransaction,
  account: string,
  kind: Kind,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<{ key: string; item: EntityOf<Kind> }[]> {
  const rows = await tables.entities.list(tx, scopeOf(account), [kind], { limit, ...(after !== undefined && { after: [kind, after] }) });
  return rows.map(({ row }) => ({ key: nameKey(row.name), item: row as EntityOf<Kind> }));
}

export async function findPolicyVersion(tx: ReadTransaction, account: string, row: PolicyRow, number: number): Promise<PolicyVersionRow | undefined> {
  return await tables.policyVersions.get(tx, scopeOf(account), [nameKey(row.name), number]);
}

/** The caller writes the policy's row as well, which moves the epoch. */
export function setPolicyVersion(tx: Transaction, account: string, row: PolicyRow, number: number, version: PolicyVersionRow): void {
  tables.policyVersions.set(tx, scopeOf(account), [nameKey(row.name), number], version);
}

export function clearPolicyVersion(tx: Transaction, account: string, row: PolicyRow, number: number): void {
  tables.policyVersions.clear(tx, scopeOf(account), [nameKey(row.name), number]);
}

export async function listPolicyVersions(tx: ReadTransaction, account: string, policy: PolicyRow): Promise<(PolicyVersionRow & { readonly number: number })[]> {
  const rows = await tables.policyVersions.list(tx, scopeOf(account), [nameKey(policy.name)], { limit: policyVersionsMax });
  return rows.map(({ parts, row }) => ({ ...row, number: Number(parts[1]) }));
}

/** Customer managed policies by name, behind the key `after` ('' for the first). */
export async function listPolicyRows(
  tx: ReadTransaction,
  account: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<{ key: string; item: PolicyRow }[]> {
  const rows = await tables.policies.list(tx, scopeOf(account), [], { limit, ...(after !== '' && { after: [after] }) });
  return rows.map(({ row }) => ({ key: nameKey(row.name), item: row }));
}

export interface PolicyUser {
  readonly use: PolicyUse;
  readonly kind: EntityKind;
  readonly name: string;
  readonly id: string;
  readonly path: string;
}

/** Who uses a policy, and how. */
export async function listPolicyUsers(
  tx: ReadTransaction,
  account: string,
  policyArn: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<{ key: string; item: PolicyUser }[]> {
  const position = after === undefined ? {} : { after: [policyArn, ...after.split(' ')] };
  const rows = await tables.policyUsers.list(tx, scopeOf(account), [policyArn], { limit, ...position });
  return rows.map(({ parts: [, use, kind, key], row }) => ({
    key: [use, kind, key].join(' '),
    item: { ...row, use: use as PolicyUse, kind: kind as EntityKind },
  }));
}

export function setMember(tx: Transaction, account: string, groupName: string, user: UserRow): void {
  tables.groupMembers.set(tx, scopeOf(account), [nameKey(groupName), nameKey(user.name)], { name: user.name });
}

export function clearMember(tx: Transaction, account: string, groupName: string, user: UserRow): void {
  tables.groupMembers.clear(tx, scopeOf(account), [nameKey(groupName), nameKey(user.name)]);
}

/** Names of a group's users, behind the key `after`. */
export async function listMembers(
  tx: ReadTransaction,
  account: string,
  groupName: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<{ key: string; item: string }[]> {
  const group = nameKey(groupName);
  const rows = await tables.groupMembers.list(tx, scopeOf(account), [group], { limit, ...(after !== undefined && { after: [group, after] }) });
  return rows.map(({ row }) => ({ key: nameKey(row.name), item: row.name }));
}

export function setActionUse(tx: Transaction, account: string, entityId: string, action: string, row: ActionUseRow): void {
  tables.actionUses.set(tx, scopeOf(account), [entityId, action], row);
  // What the entity did last of all, under no action: whoever writes uses goes by time.
  tables.actionUses.set(tx, scopeOf(account), [entityId, ''], row);
}

/** When a user or role last asked for anything. */
export async function findEntityUse(tx: ReadTransaction, account: string, entityId: string): Promise<ActionUseRow | undefined> {
  return await tables.actionUses.get(tx, scopeOf(account), [entityId, '']);
}

/** When an entity last asked for each action that it ever asked for. */
export async function listActionUses(tx: ReadTransaction, account: string, entityId: string): Promise<{ readonly action: string; readonly row: ActionUseRow }[]> {
  const rows = await tables.actionUses.list(tx, scopeOf(account), [entityId], { limit: actionUsesPerEntity });
  return rows.flatMap(({ parts, row }) => (parts[1] === '' ? [] : [{ action: String(parts[1]), row }]));
}

export async function findKeyUse(tx: ReadTransaction, account: string, accessKeyId: string): Promise<KeyUseRow | undefined> {
  return await tables.keyUses.get(tx, scopeOf(account), [accessKeyId]);
}

export function clearKeyUse(tx: Transaction, account: string, accessKeyId: string): void {
  tables.keyUses.clear(tx, scopeOf(account), [accessKeyId]);
}

export function setKeyUse(tx: Transaction, account: string, accessKeyId: string, row: KeyUseRow): void {
  tables.keyUses.set(tx, scopeOf(account), [accessKeyId], row);
}

export function setReportJob(tx: Transaction, account: string, jobId: string, row: ReportJobRow): void {
  tables.reportJobs.set(tx, scopeOf(account), [jobId], row);
  tables.reportJobAges.set(tx, scopeOf(account), [row.createdAtMs, jobId], {});
}

export async function findReportJob(tx: ReadTransaction, account: string, jobId: string): Promise<ReportJobRow | undefined> {
  return await tables.reportJobs.get(tx, scopeOf(account), [jobId]);
}

/** Clears up to `limit` of the jobs made before `beforeMs`. */
export async function clearOldReportJobs(tx: Transaction, account: string, { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number }): Promise<void> {
  const old = await tables.reportJobAges.list(tx, scopeOf(account), [], { limit, before: [beforeMs] });
  for (const { parts } of old) {
    tables.reportJobAges.clear(tx, scopeOf(account), parts);
    tables.reportJobs.clear(tx, scopeOf(account), parts.slice(1));
  }
}

export async function findControlPolicies(tx: ReadTransaction): Promise<ControlPoliciesRow | undefined> {
  return await tables.controlPolicies.get(tx, everyAccount, ['current']);
}

export function setControlPolicies(tx: Transaction, row: ControlPoliciesRow): void {
  tables.controlPolicies.set(tx, everyAccount, ['current'], row);
}
