import { defineService } from '../../framework/service.ts';
import type { IamDeps } from './operation.ts';
import { attachedPolicyOperations } from './operations/attachedPolicies.ts';
import { createRole } from './operations/createRole.ts';
import { createUser } from './operations/createUser.ts';
import { deleteRole } from './operations/deleteRole.ts';
import { getRole } from './operations/getRole.ts';
import { inlinePolicyOperations } from './operations/inlinePolicies.ts';

/** AWS Identity and Access Management. Global: the region of a request does not matter. */
export const iamService = defineService<IamDeps>({
  id: 'iam',
  validationErrorCode: 'ValidationError',
  operations: {
    CreateRole: createRole,
    GetRole: getRole,
    DeleteRole: deleteRole,
    CreateUser: createUser,
    ...attachedPolicyOperations,
    ...inlinePolicyOperations,
  },
});
