import { describeDetails, describeRole } from '../describe.ts';
import { viewEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { findEntityUse } from '../store.ts';

export const getRole = operation(
  'GetRole',
  viewEntity({ action: 'GetRole', kind: 'role', nameOf: (input) => input.RoleName }, async ({ tx, row, call }) => {
    const used = await findEntityUse(tx, call.account, row.id);
    // AWS answers an empty member for a role that was not used.
    const RoleLastUsed = used ? { LastUsedDate: new Date(used.atMs), Region: used.region } : {};
    return { Role: { ...describeRole(call.account, row), ...describeDetails(row), RoleLastUsed } };
  }),
);
