// Passwords of users. No console is signed in to here; what is kept is what ChangePassword, reports and policies speak of.

import type { Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { findWeakness, hashPassword, isPassword } from '../domain/passwords.ts';
import { iamArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { changeEntity, given, requireEntity, viewEntity } from '../onEntity.ts';
import { operation, type IamDeps } from '../operation.ts';
import { resourceTables, type LoginProfileRow } from '../resourceStore.ts';
import { findEntity, nameKey, scopeOf, type UserRow } from '../store.ts';

const { loginProfiles: table, passwordPolicies } = resourceTables;
const dayMs = 86_400_000;

const create = operation('CreateLoginProfile', {
  access: (input, call, deps) => accessToUser('CreateLoginProfile', input.UserName, call, deps),
  async handle(input, call, deps) {
    const password = given(input.Password);
    const { store } = deps;
    const hashed = await hashPassword(password, deps.random.bytes(16));
    return await store.transact(async (tx) => {
      const user = await requireUser(tx, input.UserName, call);
      if (await findProfile(tx, user, call)) throw errors.loginProfileExists(user.name);
      await requireStrong(tx, password, call);
      const row: LoginProfileRow = { ...hashed, createdAtMs: call.nowMs, changedAtMs: call.nowMs, resetRequired: input.PasswordResetRequired ?? false, former: [] };
      table.set(tx, scopeOf(call.account), [nameKey(user.name)], row);
      return { LoginProfile: describe(user, row) };
    });
  },
});

const get = operation(
  'GetLoginProfile',
  viewEntity({ action: 'GetLoginProfile', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row, call }) => ({
    LoginProfile: describe(row, await requireProfile(tx, row, call)),
  })),
);

const update = operation('UpdateLoginProfile', {
  access: (input, call, deps) => accessToUser('UpdateLoginProfile', input.UserName, call, deps),
  async handle(input, call, deps) {
    const { Password: password, PasswordResetRequired: resetRequired } = input;
    if (password !== undefined) {
      await setPassword({ userName: input.UserName, password, resetRequired }, call, deps);
      return {};
    }
    await deps.store.transact(async (tx) => {
      const user = await requireUser(tx, input.UserName, call);
      const row = await requireProfile(tx, user, call);
      table.set(tx, scopeOf(call.account), [nameKey(user.name)], { ...row, resetRequired: resetRequired ?? row.resetRequired });
    });
    return {};
  },
});

const remove = operation(
  'DeleteLoginProfile',
  changeEntity({ action: 'DeleteLoginProfile', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row, call }) => {
    await requireProfile(tx, row, call);
    table.clear(tx, scopeOf(call.account), [nameKey(row.name)]);
    return {};
  }),
);

const changePassword = operation('ChangePassword', {
  async access(_input, call, deps) {
    const policy = await deps.store.read((tx) => passwordPolicies.get(tx, scopeOf(call.account), ['current']));
    // User guide, "Permit IAM users to change their own passwords": the account's policy may grant it to everybody.
    if (policy?.AllowUsersToChangePassword && call.caller.kind === 'user') return [];
    return await accessToUser('ChangePassword', undefined, call, deps);
  },
  async handle({ OldPassword, NewPassword }, call, deps) {
    if (call.caller.kind !== 'user') throw errors.invalidUserType('Only users can change their own password.');
    const { userName } = call.caller;
    const { row, policy } = await deps.store.read(async (tx) => ({
      row: await requireProfile(tx, await requireEntity(tx, call.account, 'user', userName), call),
      policy: await passwordPolicies.get(tx, scopeOf(call.account), ['current']),
    }));
    if (!(await isPassword(given(OldPassword), row))) throw errors.accessDenied('The old password was incorrect.');
    const expired = policy?.HardExpiry === true && policy.MaxPasswordAge !== undefined && row.changedAtMs + policy.MaxPasswordAge * dayMs <= call.nowMs;
    if (expired) throw errors.accessDenied('The password has expired and must be reset by an administrator.');
    await setPassword({ userName, password: given(NewPassword), resetRequired: false }, call, deps);
    return {};
  },
});

/** By their names in the API. */
export const loginProfileOperations = {
  CreateLoginProfile: create,
  GetLoginProfile: get,
  UpdateLoginProfile: update,
  DeleteLoginProfile: remove,
  ChangePassword: changePassword,
};

interface NewPassword {
  readonly userName: string | undefined;
  readonly password: string;
  readonly resetRequired: boolean | undefined;
}

// Hashing takes a while on purpose, so it is done outside the transaction; a password set in between is compared with there.
async function setPassword({ userName, password, resetRequired }: NewPassword, call: Call, { store, random }: IamDeps): Promise<void> {
  const { row, remembered } = await store.read(async (tx) => {
    const policy = await requireStrong(tx, password, call);
    return { row: await requireProfile(tx, await requireUser(tx, userName, call), call), remembered: policy?.PasswordReusePrevention ?? 0 };
  });
  const former = [{ hash: row.hash, salt: row.salt }, ...row.former].slice(0, remembered);
  for (const one of former) if (await isPassword(password, one)) throw errors.passwordPolicyViolation('Password was used previously.');
  const hashed = await hashPassword(password, random.bytes(16));
  await store.transact(async (tx) => {
    const user = await requireUser(tx, userName, call);
    const current = await requireProfile(tx, user, call);
    if (current.hash !== row.hash) throw errors.temporarilyUnmodifiable('Login Profile', user.name);
    table.set(tx, scopeOf(call.account), [nameKey(user.name)], { ...current, ...hashed, former, changedAtMs: call.nowMs, resetRequired: resetRequired ?? current.resetRequired });
  });
}

async function requireStrong(tx: ReadTransaction, password: string, call: Call) {
  const policy = await passwordPolicies.get(tx, scopeOf(call.account), ['current']);
  const weakness = findWeakness(password, policy);
  if (weakness !== undefined) throw errors.passwordPolicyViolation(weakness);
  return policy;
}

async function accessToUser(action: string, userName: string | undefined, call: Call, { store }: IamDeps) {
  const name = userName ?? (call.caller.kind === 'user' ? call.caller.userName : '*');
  const row = await store.read((tx) => findEntity(tx, call.account, 'user', name));
  return { action: `iam:${action}`, resource: iamArn(call.account, 'user', row?.path ?? '/', row?.name ?? name) };
}

async function requireUser(tx: ReadTransaction, userName: string | undefined, { account, caller }: Call): Promise<UserRow> {
  const name = userName ?? (caller.kind === 'user' ? caller.userName : undefined);
  if (name === undefined) throw errors.validation('Must specify userName when calling with non-User credentials');
  return await requireEntity(tx, account, 'user', name);
}

function findProfile(tx: ReadTransaction, user: UserRow, { account }: Call): Promise<LoginProfileRow | undefined> {
  return table.get(tx, scopeOf(account), [nameKey(user.name)]);
}

async function requireProfile(tx: ReadTransaction, user: UserRow, call: Call): Promise<LoginProfileRow> {
  const row = await findProfile(tx, user, call);
  if (!row) throw errors.noSuchLoginProfile(user.name);
  return row;
}

function describe(user: UserRow, { createdAtMs, resetRequired }: LoginProfileRow) {
  return { UserName: user.name, CreateDate: new Date(createdAtMs), PasswordResetRequired: resetRequired };
}
