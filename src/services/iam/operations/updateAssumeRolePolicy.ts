import { changeEntity, given } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { setEntity } from '../store.ts';
import { checkTrustPolicy } from '../trust.ts';

export const updateAssumeRolePolicy = operation(
  'UpdateAssumeRolePolicy',
  changeEntity({ action: 'UpdateAssumeRolePolicy', kind: 'role', nameOf: (input) => input.RoleName }, async ({ tx, row, input, call }) => {
    const { text: trustPolicy } = await checkTrustPolicy(tx, call.account, given(input.PolicyDocument));
    setEntity(tx, call.account, { ...row, trustPolicy });
    return {};
  }),
);
