import { describeDetails, describeRole } from '../describe.ts';
import { viewEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';

export const getRole = operation(
  'GetRole',
  viewEntity({ action: 'GetRole', kind: 'role', nameOf: (input) => input.RoleName }, async ({ row, call }) => ({
    // Last-used figures are not kept yet; AWS answers an empty member for a role that was not used.
    Role: { ...describeRole(call.account, row), ...describeDetails(row), RoleLastUsed: {} },
  })),
);
