import { iamId } from '../../../base/ids.ts';
import { describeDetails, describeUser } from '../describe.ts';
import { iamArn } from '../domain/names.ts';
import { creationConditions, mergeTags } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { usersPerAccount } from '../limits.ts';
import { given } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { requireAttachable } from '../policies.ts';
import { addToCount, countPolicyUse, findEntity, setEntity, type UserRow } from '../store.ts';

export const createUser = operation('CreateUser', {
  access: (input, call) => ({
    action: 'iam:CreateUser',
    resource: iamArn(call.account, 'user', input.Path ?? '/', given(input.UserName)),
    conditions: creationConditions(input),
  }),
  async handle(input, call, { store, random, managedPolicies }) {
    const name = given(input.UserName);
    const boundaryArn = input.PermissionsBoundary;
    const id = iamId(random, 'AIDA');
    const row = await store.transact(async (tx) => {
      if (await findEntity(tx, call.account, 'user', name)) throw errors.entityAlreadyExists('user', name);
      if (boundaryArn !== undefined) await requireAttachable(tx, managedPolicies, call.account, boundaryArn);
      if ((await addToCount(tx, call.account, 'user', 1)) > usersPerAccount) throw errors.quotaExceeded('UsersPerAccount', usersPerAccount);
      const created: UserRow = {
        kind: 'user',
        name,
        path: input.Path ?? '/',
        id,
        createdAtMs: call.nowMs,
        attached: [],
        inlineChars: 0,
        tags: mergeTags([], input.Tags),
        accessKeyIds: [],
        groups: [],
        ...(boundaryArn !== undefined && { boundaryArn }),
      };
      setEntity(tx, call.account, created);
      if (boundaryArn !== undefined) await countPolicyUse(tx, call.account, { policyArn: boundaryArn, use: 'boundary', row: created, delta: 1 });
      return created;
    });
    return { User: { ...describeUser(call.account, row), ...describeDetails(row) } };
  },
});
