import { defineService } from '../../framework/service.ts';
import type { IamDeps } from './operation.ts';
import { accessKeyOperations } from './operations/accessKeys.ts';
import { accountSettingOperations } from './operations/accountSettings.ts';
import { attachedPolicyOperations } from './operations/attachedPolicies.ts';
import { authorizationDetailsOperations } from './operations/authorizationDetails.ts';
import { boundaryOperations } from './operations/boundaries.ts';
import { credentialReportOperations } from './operations/credentialReport.ts';
import { createPolicy } from './operations/createPolicy.ts';
import { createRole } from './operations/createRole.ts';
import { createUser } from './operations/createUser.ts';
import { deletePolicy } from './operations/deletePolicy.ts';
import { deleteRole } from './operations/deleteRole.ts';
import { deleteUser } from './operations/deleteUser.ts';
import { getPolicy } from './operations/getPolicy.ts';
import { getRole } from './operations/getRole.ts';
import { getUser } from './operations/getUser.ts';
import { groupOperations } from './operations/groups.ts';
import { inlinePolicyOperations } from './operations/inlinePolicies.ts';
import { instanceProfileOperations } from './operations/instanceProfiles.ts';
import { linkedRoleOperations } from './operations/linkedRoles.ts';
import { loginProfileOperations } from './operations/loginProfiles.ts';
import { listEntitiesForPolicy } from './operations/listEntitiesForPolicy.ts';
import { listEntityOperations } from './operations/listEntities.ts';
import { lastAccessedOperations } from './operations/lastAccessed.ts';
import { listPolicies } from './operations/listPolicies.ts';
import { mfaDeviceOperations } from './operations/mfaDevices.ts';
import { openIdProviderOperations } from './operations/openIdProviders.ts';
import { policyVersionOperations } from './operations/policyVersions.ts';
import { samlProviderOperations } from './operations/samlProviders.ts';
import { serverCertificateOperations } from './operations/serverCertificates.ts';
import { simulationOperations } from './operations/simulatePolicies.ts';
import { tagOperations } from './operations/tags.ts';
import { updateAssumeRolePolicy } from './operations/updateAssumeRolePolicy.ts';
import { updateRoleOperations } from './operations/updateRole.ts';
import { userCredentialOperations } from './operations/userCredentials.ts';
import { updateUser } from './operations/updateUser.ts';

/** AWS Identity and Access Management. Global: the region of a request does not matter. */
export const iamService = defineService<IamDeps>({
  id: 'iam',
  validationErrorCode: 'ValidationError',
  operations: {
    CreateRole: createRole,
    GetRole: getRole,
    UpdateAssumeRolePolicy: updateAssumeRolePolicy,
    DeleteRole: deleteRole,
    CreateUser: createUser,
    GetUser: getUser,
    UpdateUser: updateUser,
    DeleteUser: deleteUser,
    CreatePolicy: createPolicy,
    GetPolicy: getPolicy,
    ListPolicies: listPolicies,
    DeletePolicy: deletePolicy,
    ListEntitiesForPolicy: listEntitiesForPolicy,
    ...listEntityOperations,
    ...updateRoleOperations,
    ...accessKeyOperations,
    ...groupOperations,
    ...policyVersionOperations,
    ...attachedPolicyOperations,
    ...inlinePolicyOperations,
    ...boundaryOperations,
    ...tagOperations,
    ...simulationOperations,
    ...lastAccessedOperations,
    ...openIdProviderOperations,
    ...samlProviderOperations,
    ...userCredentialOperations,
    ...serverCertificateOperations,
    ...mfaDeviceOperations,
    ...instanceProfileOperations,
    ...loginProfileOperations,
    ...accountSettingOperations,
    ...authorizationDetailsOperations,
    ...credentialReportOperations,
    ...linkedRoleOperations,
  },
});
