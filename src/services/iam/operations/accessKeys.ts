// The long-term keys of users.

import { iamId } from '../../../base/ids.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { iamArn } from '../domain/names.ts';
import { pageOfList } from '../domain/paging.ts';
import { errors } from '../errors.ts';
import { accessKeysPerUser } from '../limits.ts';
import { changeEntity, given, viewEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { clearCredentialRow, clearKeyUse, findCredentialRow, findKeyUse, setCredentialRow, setEntity, type AccessKeyRow, type UserRow } from '../store.ts';

const createAccessKey = operation(
  'CreateAccessKey',
  changeEntity({ action: 'CreateAccessKey', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row, call, deps }) => {
    if (row.accessKeyIds.length >= accessKeysPerUser) throw errors.quotaExceeded('AccessKeysPerUser', accessKeysPerUser);
    const accessKeyId = iamId(deps.random, 'AKIA');
    const secret = deps.random.bytes(30).toString('base64');
    const arn = iamArn(call.account, 'user', row.path, row.name);
    const caller = { kind: 'user', account: call.account, arn, userId: row.id, userName: row.name } as const;
    setCredentialRow(tx, accessKeyId, { kind: 'user-key', secret, createdAtMs: call.nowMs, active: true, caller });
    setEntity(tx, call.account, { ...row, accessKeyIds: [...row.accessKeyIds, accessKeyId] });
    const described = { UserName: row.name, AccessKeyId: accessKeyId, Status: 'Active' as const, CreateDate: new Date(call.nowMs) };
    return { AccessKey: { ...described, SecretAccessKey: secret } };
  }),
);

const listAccessKeys = operation(
  'ListAccessKeys',
  viewEntity({ action: 'ListAccessKeys', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row, input }) => {
    const keys = await Promise.all(
      row.accessKeyIds.map(async (AccessKeyId) => {
        const { active, createdAtMs } = await requireKey(tx, row, AccessKeyId);
        return { UserName: row.name, AccessKeyId, Status: active ? ('Active' as const) : ('Inactive' as const), CreateDate: new Date(createdAtMs) };
      }),
    );
    const page = await pageOfList(input, keys, ({ AccessKeyId }) => AccessKeyId);
    return { AccessKeyMetadata: [...page.items], ...page.position };
  }),
);

const updateAccessKey = operation(
  'UpdateAccessKey',
  changeEntity({ action: 'UpdateAccessKey', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row, input }) => {
    const accessKeyId = given(input.AccessKeyId);
    const key = await requireKey(tx, row, accessKeyId);
    // `Expired` is a state that only IAM itself gives.
    if (input.Status === 'Expired') throw errors.validation('Access key status cannot be set to Expired.');
    setCredentialRow(tx, accessKeyId, { ...key, active: input.Status === 'Active' });
    return {};
  }),
);

const deleteAccessKey = operation(
  'DeleteAccessKey',
  changeEntity({ action: 'DeleteAccessKey', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row, input, call }) => {
    const accessKeyId = given(input.AccessKeyId);
    await requireKey(tx, row, accessKeyId);
    clearCredentialRow(tx, accessKeyId);
    clearKeyUse(tx, call.account, accessKeyId);
    setEntity(tx, call.account, { ...row, accessKeyIds: row.accessKeyIds.filter((id) => id !== accessKeyId) });
    return {};
  }),
);

const getAccessKeyLastUsed = operation('GetAccessKeyLastUsed', {
  async access({ AccessKeyId }, call, { store }) {
    const user = await store.read((tx) => findKeyOwner(tx, call.account, given(AccessKeyId)));
    // The ARN of a user that nobody is: whoever may not ask learns nothing of other accounts' keys.
    return { action: 'iam:GetAccessKeyLastUsed', resource: user?.caller.arn ?? iamArn(call.account, 'user', '/', '*') };
  },
  async handle({ AccessKeyId }, call, { store, use }) {
    await use?.flush();
    return await store.read(async (tx) => {
      const accessKeyId = given(AccessKeyId);
      const owner = await findKeyOwner(tx, call.account, accessKeyId);
      if (!owner) throw errors.noSuchAccessKey(accessKeyId);
      const used = await findKeyUse(tx, call.account, accessKeyId);
      // API reference, AccessKeyLastUsed: N/A for a key that was never used.
      const AccessKeyLastUsed = used ? { LastUsedDate: new Date(used.atMs), ServiceName: used.service, Region: used.region } : { ServiceName: 'N/A', Region: 'N/A' };
      return { UserName: owner.caller.userName, AccessKeyLastUsed };
    });
  },
});

async function findKeyOwner(tx: ReadTransaction, account: string, accessKeyId: string): Promise<AccessKeyRow | undefined> {
  const key = await findCredentialRow(tx, accessKeyId);
  return key?.kind === 'user-key' && key.caller.account === account ? key : undefined;
}

async function requireKey(tx: ReadTransaction, user: UserRow, accessKeyId: string): Promise<AccessKeyRow> {
  const key = user.accessKeyIds.includes(accessKeyId) ? await findCredentialRow(tx, accessKeyId) : undefined;
  if (key?.kind !== 'user-key') throw errors.noSuchAccessKey(accessKeyId);
  return key;
}

/** By their names in the API. */
export const accessKeyOperations = {
  CreateAccessKey: createAccessKey,
  ListAccessKeys: listAccessKeys,
  UpdateAccessKey: updateAccessKey,
  DeleteAccessKey: deleteAccessKey,
  GetAccessKeyLastUsed: getAccessKeyLastUsed,
};
