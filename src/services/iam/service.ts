import { defineService } from '../../framework/service.ts';
import type { IamDeps } from './operation.ts';
import { createAccessKey, deleteAccessKey, getAccessKeyLastUsed, listAccessKeys, updateAccessKey } from './operations/accessKeys.ts';
import { attachedPolicyOperations } from './operations/attachedPolicies.ts';
import { boundaryOperations } from './operations/boundaries.ts';
import { createPolicy } from './operations/createPolicy.ts';
import { createRole } from './operations/createRole.ts';
import { createUser } from './operations/createUser.ts';
import { deletePolicy } from './operations/deletePolicy.ts';
import { deleteRole } from './operations/deleteRole.ts';
import { deleteUser } from './operations/deleteUser.ts';
import { getPolicy } from './operations/getPolicy.ts';
import { getRole } from './operations/getRole.ts';
import { getUser } from './operations/getUser.ts';
import { addUserToGroup, createGroup, deleteGroup, getGroup, listGroupsForUser, removeUserFromGroup } from './operations/groups.ts';
import { inlinePolicyOperations } from './operations/inlinePolicies.ts';
import { listEntitiesForPolicy } from './operations/listEntitiesForPolicy.ts';
import { listGroups, listRoles, listUsers } from './operations/listEntities.ts';
import { listInstanceProfilesForRole } from './operations/listInstanceProfilesForRole.ts';
import { lastAccessedOperations } from './operations/lastAccessed.ts';
import { listPolicies } from './operations/listPolicies.ts';
import { mfaDeviceOperations } from './operations/mfaDevices.ts';
import { openIdProviderOperations } from './operations/openIdProviders.ts';
import { policyVersionOperations } from './operations/policyVersions.ts';
import { simulationOperations } from './operations/simulatePolicies.ts';
import { tagOperations } from './operations/tags.ts';
import { updateAssumeRolePolicy } from './operations/updateAssumeRolePolicy.ts';
import { updateRole, updateRoleDescription } from './operations/updateRole.ts';
import { updateUser } from './operations/updateUser.ts';

/** AWS Identity and Access Management. Global: the region of a request does not matter. */
export const iamService = defineService<IamDeps>({
  id: 'iam',
  validationErrorCode: 'ValidationError',
  operations: {
    CreateRole: createRole,
    GetRole: getRole,
    ListRoles: listRoles,
    UpdateRole: updateRole,
    UpdateRoleDescription: updateRoleDescription,
    UpdateAssumeRolePolicy: updateAssumeRolePolicy,
    DeleteRole: deleteRole,
    ListInstanceProfilesForRole: listInstanceProfilesForRole,
    CreateUser: createUser,
    GetUser: getUser,
    ListUsers: listUsers,
    UpdateUser: updateUser,
    DeleteUser: deleteUser,
    CreateAccessKey: createAccessKey,
    ListAccessKeys: listAccessKeys,
    UpdateAccessKey: updateAccessKey,
    DeleteAccessKey: deleteAccessKey,
    GetAccessKeyLastUsed: getAccessKeyLastUsed,
    CreateGroup: createGroup,
    GetGroup: getGroup,
    ListGroups: listGroups,
    DeleteGroup: deleteGroup,
    AddUserToGroup: addUserToGroup,
    RemoveUserFromGroup: removeUserFromGroup,
    ListGroupsForUser: listGroupsForUser,
    CreatePolicy: createPolicy,
    GetPolicy: getPolicy,
    ListPolicies: listPolicies,
    DeletePolicy: deletePolicy,
    ListEntitiesForPolicy: listEntitiesForPolicy,
    ...policyVersionOperations,
    ...attachedPolicyOperations,
    ...inlinePolicyOperations,
    ...boundaryOperations,
    ...tagOperations,
    ...simulationOperations,
    ...lastAccessedOperations,
    ...openIdProviderOperations,
    ...mfaDeviceOperations,
  },
});
