import { operationsOf } from '../../framework/service.ts';
import type { AuthorizationMessages } from '../../framework/authorizationMessages.ts';
import type { CredentialDirectory, RoleDirectory, SessionIssuer } from '../../ports/identity.ts';

export interface StsDeps {
  readonly identity: CredentialDirectory & RoleDirectory & SessionIssuer;
  /** Opens what denials carry. */
  readonly messages: Pick<AuthorizationMessages, 'open'>;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-sts'), StsDeps>();
