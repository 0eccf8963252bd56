import { errors } from '../errors.ts';
import { changePolicy } from '../onPolicy.ts';
import { operation } from '../operation.ts';
import { addToCount, clearPolicyRow, clearPolicyVersion, usesOf } from '../store.ts';

export const deletePolicy = operation(
  'DeletePolicy',
  changePolicy({ action: 'DeletePolicy' }, async ({ tx, row, arn, call }) => {
    const uses = await usesOf(tx, call.account, arn);
    if (uses.attached + uses.boundary > 0) throw errors.deleteConflict('Cannot delete a policy attached to entities.');
    if (row.versionCount > 1) {
      throw errors.deleteConflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
          'The default version is deleted with the policy.',
      );
    }
    clearPolicyVersion(tx, call.account, row, row.defaultVersion);
    clearPolicyRow(tx, call.account, row);
    await addToCount(tx, call.account, 'policy', -1);
    return {};
  }),
);
