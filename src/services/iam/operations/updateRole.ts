import { describeDetails, describeRole } from '../describe.ts';
import { changeEntity, given } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { sessionSecondsDefault } from '../limits.ts';
import { setEntity } from '../store.ts';

const updateRole = operation(
  'UpdateRole',
  changeEntity({ action: 'UpdateRole', kind: 'role', nameOf: (input) => input.RoleName }, async ({ tx, row, input, call }) => {
    // A member that is left out goes back to its default (API reference, UpdateRole: MaxSessionDuration); a description stays.
    const { Description: description = row.description, MaxSessionDuration: maxSessionSeconds = sessionSecondsDefault } = input;
    setEntity(tx, call.account, { ...row, maxSessionSeconds, ...(description !== undefined && { description }) });
    return {};
  }),
);

const updateRoleDescription = operation(
  'UpdateRoleDescription',
  changeEntity({ action: 'UpdateRoleDescription', kind: 'role', nameOf: (input) => input.RoleName }, async ({ tx, row, input, call }) => {
    const updated = { ...row, description: given(input.Description) };
    setEntity(tx, call.account, updated);
    return { Role: { ...describeRole(call.account, updated), ...describeDetails(updated) } };
  }),
);

/** By their names in the API. */
export const updateRoleOperations = { UpdateRole: updateRole, UpdateRoleDescription: updateRoleDescription };
