// Rows of what hangs on an account besides roles, users, groups and policies.
//
//   instanceProfiles  [name]
//   profilesOfRole    [role, instance profile]
//   openIdProviders   [issuer without scheme]
//   samlProviders     [name]
//   samlMetadata      [name, part]
//   mfaDevices        [name]                              virtual devices, whether anybody's or nobody's
//   mfaOfUser         [user, device]                      '' stands for the account's root
//   loginProfiles     [user]
//   aliases           [account]
//   aliasOwners       [alias]                             of all accounts: an alias is somebody's alone
//   accountSettings   [name]
//   tokenVersions     ['token']
//   deletionTasks     [task id]

import type { PasswordPolicy } from '@aws-sdk/client-iam';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable, type Table } from '../../kv/table.ts';
import { nameKey, scopeOf, type Tag } from './store.ts';

export interface InstanceProfileRow {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly createdAtMs: number;
  readonly roleName?: string;
  readonly tags: readonly Tag[];
}

export interface OpenIdProviderRow {
  /** With its scheme. */
  readonly issuer: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly createdAtMs: number;
  readonly tags: readonly Tag[];
}

export interface SamlProviderRow {
  readonly name: string;
  readonly id: string;
  /** What its metadata says, whose text is in rows of its own. */
  readonly issuer: string;
  readonly certificates: readonly string[];
  readonly validUntilMs?: number;
  readonly metadataParts: number;
  readonly createdAtMs: number;
  readonly tags: readonly Tag[];
}

export interface MfaDeviceRow {
  readonly name: string;
  readonly path: string;
  /** Base 32. */
  readonly seed: string;
  readonly createdAtMs: number;
  readonly enabledAtMs?: number;
  /** Absent for a device that is nobody's yet; '' is the account's root. */
  readonly userName?: string;
  /** Of the code used last: it and those before it are spent. */
  readonly usedStep?: number;
  /** By how many steps the device's clock is ahead. */
  readonly driftSteps?: number;
  readonly tags: readonly Tag[];
}

export interface LoginProfileRow {
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  readonly resetRequired: boolean;
  /** scrypt, base 64. */
  readonly hash: string;
  readonly salt: string;
  /** Hashes of former passwords, the latest first, each with its salt: for policies that forbid to use them again. */
  readonly former: readonly { readonly hash: string; readonly salt: string }[];
}

export type PasswordPolicyRow = Required<Pick<PasswordPolicy, 'MinimumPasswordLength' | 'RequireSymbols' | 'RequireNumbers' | 'RequireUppercaseCharacters' | 'RequireLowercaseCharacters' | 'AllowUsersToChangePassword'>> &
  Pick<PasswordPolicy, 'MaxPasswordAge' | 'PasswordReusePrevention' | 'HardExpiry'>;

export const resourceTables = {
  instanceProfiles: defineTable<InstanceProfileRow>('iam', 'instanceProfiles'),
  profilesOfRole: defineTable<{ readonly name: string }>('iam', 'profilesOfRole'),
  openIdProviders: defineTable<OpenIdProviderRow>('iam', 'openIdProviders'),
  samlProviders: defineTable<SamlProviderRow>('iam', 'samlProviders'),
  samlMetadata: defineTable<{ readonly text: string }>('iam', 'samlMetadata'),
  mfaDevices: defineTable<MfaDeviceRow>('iam', 'mfaDevices'),
  mfaOfUser: defineTable<{ readonly name: string }>('iam', 'mfaOfUser'),
  loginProfiles: defineTable<LoginProfileRow>('iam', 'loginProfiles'),
  aliases: defineTable<{ readonly alias: string }>('iam', 'aliases'),
  aliasOwners: defineTable<{ readonly account: string }>('iam', 'aliasOwners'),
  passwordPolicies: defineTable<PasswordPolicyRow>('iam', 'passwordPolicies'),
  tokenVersions: defineTable<{ readonly version: 1 | 2 }>('iam', 'tokenVersions'),
  credentialReports: defineTable<{ readonly generatedAtMs: number }>('iam', 'credentialReports'),
  deletionTasks: defineTable<{ readonly roleName: string; readonly createdAtMs: number }>('iam', 'deletionTasks'),
  deletionTaskAges: defineTable<object>('iam', 'deletionTaskAges'),
};

/** Rows of a table whose keys have one part, behind the key `after`. */
export async function listByName<Row extends object>(
  table: Table<Row>,
  tx: ReadTransaction,
  account: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<{ key: string; item: Row }[]> {
  const rows = await table.list(tx, scopeOf(account), [], { limit, ...(after !== undefined && { after: [after] }) });
  return rows.map(({ parts, row }) => ({ key: String(parts[0]), item: row }));
}

/** Names of what belongs to one owner: instance profiles of a role, devices of a user. */
export async function listOwned(
  table: Table<{ readonly name: string }>,
  tx: ReadTransaction,
  account: string,
  owner: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<{ key: string; item: string }[]> {
  const rows = await table.list(tx, scopeOf(account), [nameKey(owner)], { limit, ...(after !== undefined && { after: [nameKey(owner), after] }) });
  return rows.map(({ parts, row }) => ({ key: String(parts[1]), item: row.name }));
}

/** What a user signs in with moves along when the user gets another name. */
export async function moveSignIn(tx: Transaction, account: string, from: string, to: string): Promise<void> {
  const scope = scopeOf(account);
  const profile = await resourceTables.loginProfiles.get(tx, scope, [nameKey(from)]);
  if (profile) {
    resourceTables.loginProfiles.clear(tx, scope, [nameKey(from)]);
    resourceTables.loginProfiles.set(tx, scope, [nameKey(to)], profile);
  }
  for (const { key, item } of await listOwned(resourceTables.mfaOfUser, tx, account, from, { limit: 100 })) {
    const device = await resourceTables.mfaDevices.get(tx, scope, [key]);
    resourceTables.mfaOfUser.clear(tx, scope, [nameKey(from), key]);
    resourceTables.mfaOfUser.set(tx, scope, [nameKey(to), key], { name: item });
    if (device) resourceTables.mfaDevices.set(tx, scope, [key], { ...device, userName: to });
  }
}
