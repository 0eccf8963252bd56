import { defineService } from '../../framework/service.ts';
import type { StsDeps } from './operation.ts';
import { assumeRole } from './operations/assumeRole.ts';
import { assumeRoleWithSAML } from './operations/assumeRoleWithSAML.ts';
import { assumeRoleWithWebIdentity } from './operations/assumeRoleWithWebIdentity.ts';
import { decodeAuthorizationMessage } from './operations/decodeAuthorizationMessage.ts';
import { getAccessKeyInfo } from './operations/getAccessKeyInfo.ts';
import { getCallerIdentity } from './operations/getCallerIdentity.ts';
import { getFederationToken } from './operations/getFederationToken.ts';
import { getSessionToken } from './operations/getSessionToken.ts';
import { assumeRoot, getDelegatedAccessToken, getWebIdentityToken } from './operations/unavailable.ts';

/** AWS Security Token Service. Its sessions are kept by IAM, with all other credentials. */
export const stsService = defineService<StsDeps>({
  id: 'sts',
  validationErrorCode: 'ValidationError',
  operations: {
    GetCallerIdentity: getCallerIdentity,
    AssumeRole: assumeRole,
    AssumeRoleWithSAML: assumeRoleWithSAML,
    AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
    AssumeRoot: assumeRoot,
    GetDelegatedAccessToken: getDelegatedAccessToken,
    GetWebIdentityToken: getWebIdentityToken,
    GetSessionToken: getSessionToken,
    GetFederationToken: getFederationToken,
    GetAccessKeyInfo: getAccessKeyInfo,
    DecodeAuthorizationMessage: decodeAuthorizationMessage,
  },
});
