import { operationsOf } from '../../framework/service.ts';
import type { AuthorizationMessages } from '../../framework/authorizationMessages.ts';
import type { PolicyCache } from '../../policy/policyCache.ts';
import type { CredentialDirectory, FederationDirectory, MfaDirectory, RoleDirectory, SessionIssuer } from '../../ports/identity.ts';
import type { IssuerKeys } from './web-identity/issuerKeys.ts';

export interface StsDeps {
  readonly identity: CredentialDirectory & RoleDirectory & SessionIssuer;
  readonly federation: FederationDirectory;
  readonly mfa: MfaDirectory;
  readonly issuerKeys: IssuerKeys;
  /** Trust policies, compiled. */
  readonly policies: PolicyCache;
  /** Opens what denials carry. */
  readonly messages: Pick<AuthorizationMessages, 'open'>;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-sts'), StsDeps>();
