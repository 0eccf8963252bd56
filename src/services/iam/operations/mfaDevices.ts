// Virtual MFA devices. Hardware devices and security keys need a vendor's word for what they are: none can be had here.

import type { Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { iamArn } from '../domain/names.ts';
import { pageOf } from '../domain/paging.ts';
import { mergeTags, tagConditions } from '../domain/tags.ts';
import { encodeBase32, findStep, stepMs } from '../domain/totp.ts';
import { describeUser } from '../describe.ts';
import { errors } from '../errors.ts';
import { codeStepsAroundSync, mfaDevicesPerAccount, mfaDevicesPerUser, mfaSeedBytes } from '../limits.ts';
import { mfaArn, mfaDevices, mfaOwnerOf } from '../mfaDevices.ts';
import { given, requireEntity } from '../onEntity.ts';
import { changeResource, describeTags, listResourceTags, requireResource, tagResource, untagResource } from '../onResource.ts';
import { operation, type IamDeps } from '../operation.ts';
import { listByName, listOwned, resourceTables, type MfaDeviceRow } from '../resourceStore.ts';
import { addToCount, findEntity, nameKey, scopeOf } from '../store.ts';

const { mfaDevices: table, mfaOfUser } = resourceTables;

const create = operation('CreateVirtualMFADevice', {
  access: (input, call) => ({
    action: 'iam:CreateVirtualMFADevice',
    resource: mfaArn(call.account, input.Path ?? '/', given(input.VirtualMFADeviceName)),
    conditions: tagConditions(input.Tags),
  }),
  async handle(input, call, { store, random }) {
    const name = given(input.VirtualMFADeviceName);
    const path = input.Path ?? '/';
    const seed = encodeBase32(random.bytes(mfaSeedBytes));
    const row: MfaDeviceRow = { name, path, seed, createdAtMs: call.nowMs, tags: mergeTags([], input.Tags) };
    await store.transact(async (tx) => {
      if (await table.get(tx, scopeOf(call.account), [nameKey(name)])) throw errors.mfaDeviceExists();
      if ((await addToCount(tx, call.account, 'mfaDevice', 1)) > mfaDevicesPerAccount) throw errors.quotaExceeded('MFADevicesPerAccount', mfaDevicesPerAccount);
      table.set(tx, scopeOf(call.account), [nameKey(name)], row);
    });
    // DEVIATION: without QRCodePNG; the seed says the same.
    return { VirtualMFADevice: { SerialNumber: mfaArn(call.account, path, name), Base32StringSeed: Buffer.from(seed), ...describeTags(row.tags) } };
  },
});

const remove = operation(
  'DeleteVirtualMFADevice',
  changeResource(mfaDevices, { action: 'DeleteVirtualMFADevice', nameOf: (input) => input.SerialNumber }, async ({ tx, row, key, call }) => {
    if (row.userName !== undefined) throw errors.deleteConflict('Cannot delete entity, must deactivate the MFA device first.');
    await addToCount(tx, call.account, 'mfaDevice', -1);
    table.clear(tx, scopeOf(call.account), [key]);
    return {};
  }),
);

const enable = operation('EnableMFADevice', {
  access: (input, call, deps) => accessToUser('EnableMFADevice', given(input.UserName), call, deps),
  async handle(input, call, { store }) {
    await store.transact(async (tx) => {
      const owner = await requireOwner(tx, given(input.UserName), call);
      const { row, key } = await requireResource(mfaDevices, tx, call.account, given(input.SerialNumber));
      if (row.userName !== undefined) throw errors.mfaDeviceInUse();
      const owned = await listOwned(mfaOfUser, tx, call.account, owner, { limit: mfaDevicesPerUser });
      if (owned.length >= mfaDevicesPerUser) throw errors.quotaExceeded('MFADevicesPerUser', mfaDevicesPerUser);
      table.set(tx, scopeOf(call.account), [key], { ...row, ...synchronised(row, input, call), userName: owner, enabledAtMs: call.nowMs });
      await addToCount(tx, call.account, 'mfaInUse', 1);
      mfaOfUser.set(tx, scopeOf(call.account), [nameKey(owner), key], { name: row.name });
    });
    return {};
  },
});

const resync = operation('ResyncMFADevice', {
  access: (input, call, deps) => accessToUser('ResyncMFADevice', given(input.UserName), call, deps),
  async handle(input, call, { store }) {
    await store.transact(async (tx) => {
      const { row, key } = await requireDeviceOf(tx, await requireOwner(tx, given(input.UserName), call), given(input.SerialNumber), call);
      table.set(tx, scopeOf(call.account), [key], { ...row, ...synchronised(row, input, call) });
    });
    return {};
  },
});

const deactivate = operation('DeactivateMFADevice', {
  access: (input, call, deps) => accessToUser('DeactivateMFADevice', input.UserName ?? mfaOwnerOf(call.caller) ?? '', call, deps),
  async handle(input, call, { store }) {
    await store.transact(async (tx) => {
      const owner = await requireOwner(tx, input.UserName, call);
      const { row, key } = await requireDeviceOf(tx, owner, given(input.SerialNumber), call);
      const { name, path, seed, createdAtMs, tags } = row;
      table.set(tx, scopeOf(call.account), [key], { name, path, seed, createdAtMs, tags });
      await addToCount(tx, call.account, 'mfaInUse', -1);
      mfaOfUser.clear(tx, scopeOf(call.account), [nameKey(owner), key]);
    });
    return {};
  },
});

const get = operation('GetMFADevice', {
  access: (input, call, deps) => accessToUser('GetMFADevice', input.UserName ?? mfaOwnerOf(call.caller) ?? '', call, deps),
  async handle(input, call, { store }) {
    return await store.read(async (tx) => {
      const owner = await requireOwner(tx, input.UserName, call);
      const { row } = await requireDeviceOf(tx, owner, given(input.SerialNumber), call);
      return { ...(owner !== '' && { UserName: owner }), SerialNumber: given(input.SerialNumber), EnableDate: new Date(row.enabledAtMs ?? 0) };
    });
  },
});

const listOfUser = operation('ListMFADevices', {
  access: (input, call, deps) => accessToUser('ListMFADevices', input.UserName ?? mfaOwnerOf(call.caller) ?? '', call, deps),
  async handle(input, call, { store }) {
    return await store.read(async (tx) => {
      const owner = await requireOwner(tx, input.UserName, call);
      const page = await pageOf(input, (after, limit) => listOwned(mfaOfUser, tx, call.account, owner, { after, limit }));
      const rows = await Promise.all(page.items.map((name) => table.get(tx, scopeOf(call.account), [nameKey(name)])));
      const found = rows.filter((row) => row !== undefined);
      const MFADevices = found.map((row) => ({ UserName: owner === '' ? call.account : owner, SerialNumber: mfaArn(call.account, row.path, row.name), EnableDate: new Date(row.enabledAtMs ?? 0) }));
      return { MFADevices, ...page.position };
    });
  },
});

const listVirtual = operation('ListVirtualMFADevices', {
  access: () => ({ action: 'iam:ListVirtualMFADevices', resource: '*' }),
  async handle(input, call, { store }) {
    const wanted = input.AssignmentStatus ?? 'Any';
    return await store.read(async (tx) => {
      const page = await pageOf(
        input,
        (after, limit) => listByName(table, tx, call.account, { after, limit }),
        (row) => wanted === 'Any' || (wanted === 'Assigned') === (row.userName !== undefined),
      );
      return { VirtualMFADevices: await Promise.all(page.items.map((row) => describeDevice(tx, row, call))), ...page.position };
    });
  },
});

/** By their names in the API. */
export const mfaDeviceOperations = {
  CreateVirtualMFADevice: create,
  DeleteVirtualMFADevice: remove,
  EnableMFADevice: enable,
  ResyncMFADevice: resync,
  DeactivateMFADevice: deactivate,
  GetMFADevice: get,
  ListMFADevices: listOfUser,
  ListVirtualMFADevices: listVirtual,
  TagMFADevice: operation('TagMFADevice', tagResource(mfaDevices, { action: 'TagMFADevice', nameOf: (input) => input.SerialNumber })),
  UntagMFADevice: operation('UntagMFADevice', untagResource(mfaDevices, { action: 'UntagMFADevice', nameOf: (input) => input.SerialNumber })),
  ListMFADeviceTags: operation('ListMFADeviceTags', listResourceTags(mfaDevices, { action: 'ListMFADeviceTags', nameOf: (input) => input.SerialNumber })),
};

async function accessToUser(action: string, name: string, call: Call, { store }: IamDeps) {
  const row = name === '' ? undefined : await store.read((tx) => findEntity(tx, call.account, 'user', name));
  return { action: `iam:${action}`, resource: iamArn(call.account, 'user', row?.path ?? '/', row?.name ?? (name === '' ? '*' : name)) };
}

/** The name that devices are kept under: that of an existing user, or '' for root, who names itself by leaving the user out. */
async function requireOwner(tx: ReadTransaction, userName: string | undefined, call: Call): Promise<string> {
  // Root's devices are enabled under the name `root` too (IAM user guide, "Enable a virtual MFA device for the root user").
  if (call.caller.kind === 'root' && (userName === undefined || userName === 'root') && !(await findEntity(tx, call.account, 'user', userName ?? ''))) return '';
  const name = userName ?? mfaOwnerOf(call.caller);
  if (name === undefined) throw errors.validation('Must specify userName when calling with non-User credentials');
  return (await requireEntity(tx, call.account, 'user', name)).name;
}

async function requireDeviceOf(tx: ReadTransaction, owner: string, serial: string, call: Call) {
  const found = await requireResource(mfaDevices, tx, call.account, serial);
  if (found.row.userName === undefined || nameKey(found.row.userName) !== nameKey(owner)) throw errors.deviceNotOfUser(owner, serial);
  return found;
}

interface CodePair {
  readonly AuthenticationCode1: string | undefined;
  readonly AuthenticationCode2: string | undefined;
}

/** Where the device's clock is, which two codes in a row tell. */
function synchronised(row: MfaDeviceRow, { AuthenticationCode1: one, AuthenticationCode2: two }: CodePair, call: Call): { driftSteps: number; usedStep: number } {
  const now = Math.floor(call.nowMs / stepMs);
  const step = findStep(row.seed, given(one), { first: now - codeStepsAroundSync, last: now + codeStepsAroundSync });
  if (step === undefined || findStep(row.seed, given(two), { first: step + 1, last: step + 1 }) === undefined) throw errors.wrongMfaCode();
  // The second code is taken for the current one, unless it lies within what is allowed for anyway.
  const driftSteps = Math.abs(step + 1 - now) <= 1 ? 0 : step + 1 - now;
  return { driftSteps, usedStep: step + 1 };
}

async function describeDevice(tx: ReadTransaction, row: MfaDeviceRow, { account }: Call) {
  const user = row.userName === undefined || row.userName === '' ? undefined : await findEntity(tx, account, 'user', row.userName);
  const root = { Path: '/', UserName: 'root', UserId: account, Arn: `arn:aws:iam::${account}:root`, CreateDate: new Date(row.createdAtMs) };
  return {
    SerialNumber: mfaArn(account, row.path, row.name),
    ...(row.userName === '' ? { User: root } : user ? { User: describeUser(account, user) } : {}),
    ...(row.enabledAtMs !== undefined && { EnableDate: new Date(row.enabledAtMs) }),
  };
}
