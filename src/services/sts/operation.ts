import { operationsOf } from '../../framework/service.ts';
import type { CredentialDirectory, RoleDirectory, SessionIssuer } from '../../ports/identity.ts';

export interface StsDeps {
  readonly identity: CredentialDirectory & RoleDirectory & SessionIssuer;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-sts'), StsDeps>();
