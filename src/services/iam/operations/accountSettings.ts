// What an account as a whole has: its alias, its password policy, its numbers.

import { pageOfList } from '../domain/paging.ts';
import { errors } from '../errors.ts';
import {
  accessKeysPerUser,
  attachedPoliciesMax,
  groupsPerAccount,
  groupsPerUser,
  inlineCharsMax,
  instanceProfilesPerAccount,
  managedPolicyCharsMax,
  openIdProvidersPerAccount,
  passwordLengthMin,
  policiesPerAccount,
  policyVersionsMax,
  rolesPerAccount,
  samlProvidersPerAccount,
  serverCertificatesPerAccount,
  trustPolicyCharsMax,
  usersPerAccount,
} from '../limits.ts';
import { given } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { listByName, listOwned, resourceTables, type PasswordPolicyRow } from '../resourceStore.ts';
import { countOf, everyAccount, listPolicyRows, scopeOf } from '../store.ts';
import { signingCertificates } from '../userCredentials.ts';

const { aliases, aliasOwners, passwordPolicies, openIdProviders, samlProviders, mfaOfUser, tokenVersions } = resourceTables;
const anything = (name: string) => ({ action: `iam:${name}`, resource: '*' });

const createAlias = operation('CreateAccountAlias', {
  access: () => anything('CreateAccountAlias'),
  async handle(input, call, { store }) {
    const alias = given(input.AccountAlias);
    await store.transact(async (tx) => {
      const owner = await aliasOwners.get(tx, everyAccount, [alias]);
      if (owner && owner.account !== call.account) throw errors.aliasExists(alias);
      const former = await aliases.get(tx, scopeOf(call.account), ['current']);
      // An account has one: another takes the place of the first (user guide, "Your AWS account alias").
      if (former) aliasOwners.clear(tx, everyAccount, [former.alias]);
      aliases.set(tx, scopeOf(call.account), ['current'], { alias });
      aliasOwners.set(tx, everyAccount, [alias], { account: call.account });
    });
    return {};
  },
});

const listAliases = operation('ListAccountAliases', {
  access: () => anything('ListAccountAliases'),
  async handle(input, call, { store }) {
    const row = await store.read((tx) => aliases.get(tx, scopeOf(call.account), ['current']));
    const page = await pageOfList(input, row ? [row.alias] : [], (alias) => alias);
    return { AccountAliases: [...page.items], ...page.position };
  },
});

const deleteAlias = operation('DeleteAccountAlias', {
  access: () => anything('DeleteAccountAlias'),
  async handle(input, call, { store }) {
    const alias = given(input.AccountAlias);
    await store.transact(async (tx) => {
      const row = await aliases.get(tx, scopeOf(call.account), ['current']);
      if (row?.alias !== alias) throw errors.noSuchAlias(alias);
      aliases.clear(tx, scopeOf(call.account), ['current']);
      aliasOwners.clear(tx, everyAccount, [alias]);
    });
    return {};
  },
});

const updatePasswordPolicy = operation('UpdateAccountPasswordPolicy', {
  access: () => anything('UpdateAccountPasswordPolicy'),
  async handle(input, call, { store }) {
    // What is left out goes back to its default (API reference, UpdateAccountPasswordPolicy).
    const row: PasswordPolicyRow = {
      MinimumPasswordLength: input.MinimumPasswordLength ?? passwordLengthMin,
      RequireSymbols: input.RequireSymbols ?? false,
      RequireNumbers: input.RequireNumbers ?? false,
      RequireUppercaseCharacters: input.RequireUppercaseCharacters ?? false,
      RequireLowercaseCharacters: input.RequireLowercaseCharacters ?? false,
      AllowUsersToChangePassword: input.AllowUsersToChangePassword ?? false,
      ...(input.MaxPasswordAge !== undefined && { MaxPasswordAge: input.MaxPasswordAge }),
      ...(input.PasswordReusePrevention !== undefined && { PasswordReusePrevention: input.PasswordReusePrevention }),
      ...(input.HardExpiry !== undefined && { HardExpiry: input.HardExpiry }),
    };
    await store.transact(async (tx) => passwordPolicies.set(tx, scopeOf(call.account), ['current'], row));
    return {};
  },
});

const getPasswordPolicy = operation('GetAccountPasswordPolicy', {
  access: () => anything('GetAccountPasswordPolicy'),
  async handle(_input, call, { store }) {
    const row = await store.read((tx) => passwordPolicies.get(tx, scopeOf(call.account), ['current']));
    if (!row) throw errors.noPasswordPolicy(call.account);
    return { PasswordPolicy: { ...row, ExpirePasswords: row.MaxPasswordAge !== undefined } };
  },
});

const deletePasswordPolicy = operation('DeleteAccountPasswordPolicy', {
  access: () => anything('DeleteAccountPasswordPolicy'),
  async handle(_input, call, { store }) {
    await store.transact(async (tx) => {
      if (!(await passwordPolicies.get(tx, scopeOf(call.account), ['current']))) throw errors.noPasswordPolicy(call.account);
      passwordPolicies.clear(tx, scopeOf(call.account), ['current']);
    });
    return {};
  },
});

const getSummary = operation('GetAccountSummary', {
  access: () => anything('GetAccountSummary'),
  async handle(_input, call, { store }) {
    return await store.read(async (tx) => {
      const { account } = call;
      const count = (kind: Parameters<typeof countOf>[2]): Promise<number> => countOf(tx, account, kind);
      const providers = await listByName(openIdProviders, tx, account, { limit: openIdProvidersPerAccount });
      const samlOnes = await listByName(samlProviders, tx, account, { limit: samlProvidersPerAccount });
      const policies = await listPolicyRows(tx, account, { after: '', limit: policiesPerAccount });
      const rootDevices = await listOwned(mfaOfUser, tx, account, '', { limit: 1 });
      return {
        SummaryMap: {
          ...summaryOfQuotas,
          ServerCertificates: await count('serverCertificate'),
          GlobalEndpointTokenVersion: (await tokenVersions.get(tx, scopeOf(account), ['token']))?.version ?? 1,
          Users: await count('user'),
          Groups: await count('group'),
          Roles: await count('role'),
          Policies: await count('policy'),
          PolicyVersionsInUse: policies.reduce((sum, { item }) => sum + item.versionCount, 0),
          InstanceProfiles: await count('instanceProfile'),
          Providers: providers.length + samlOnes.length,
          MFADevices: await count('mfaDevice'),
          MFADevicesInUse: await count('mfaInUse'),
          AccountMFAEnabled: rootDevices.length,
        },
      };
    });
  },
});

// Tokens are the same in every region and version here: what is chosen is only told again.
const setTokenPreferences = operation('SetSecurityTokenServicePreferences', {
  access: () => ({ action: 'iam:SetSecurityTokenServicePreferences', resource: '*' }),
  async handle(input, call, { store }) {
    const version = input.GlobalEndpointTokenVersion === 'v2Token' ? 2 : 1;
    await store.transact(async (tx) => tokenVersions.set(tx, scopeOf(call.account), ['token'], { version }));
    return {};
  },
});

const summaryOfQuotas = {
  UsersQuota: usersPerAccount,
  GroupsQuota: groupsPerAccount,
  RolesQuota: rolesPerAccount,
  PoliciesQuota: policiesPerAccount,
  InstanceProfilesQuota: instanceProfilesPerAccount,
  AccessKeysPerUserQuota: accessKeysPerUser,
  AttachedPoliciesPerGroupQuota: attachedPoliciesMax.group,
  AttachedPoliciesPerRoleQuota: attachedPoliciesMax.role,
  AttachedPoliciesPerUserQuota: attachedPoliciesMax.user,
  GroupPolicySizeQuota: inlineCharsMax.group,
  RolePolicySizeQuota: inlineCharsMax.role,
  UserPolicySizeQuota: inlineCharsMax.user,
  GroupsPerUserQuota: groupsPerUser,
  PolicySizeQuota: managedPolicyCharsMax,
  VersionsPerPolicyQuota: policyVersionsMax,
  AssumeRolePolicySizeQuota: trustPolicyCharsMax,
  ServerCertificatesQuota: serverCertificatesPerAccount,
  SigningCertificatesPerUserQuota: signingCertificates.quota.max,
  // Kinds of things that cannot be had here.
  AccountAccessKeysPresent: 0,
  AccountPasswordPresent: 0,
  AccountSigningCertificatesPresent: 0,
};

/** By their names in the API. */
export const accountSettingOperations = {
  CreateAccountAlias: createAlias,
  ListAccountAliases: listAliases,
  DeleteAccountAlias: deleteAlias,
  UpdateAccountPasswordPolicy: updatePasswordPolicy,
  GetAccountPasswordPolicy: getPasswordPolicy,
  DeleteAccountPasswordPolicy: deletePasswordPolicy,
  GetAccountSummary: getSummary,
  SetSecurityTokenServicePreferences: setTokenPreferences,
};
