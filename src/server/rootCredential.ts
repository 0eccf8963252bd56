import { rootOf } from '../framework/authenticate.ts';
import type { CredentialDirectory, IssuedCredential } from '../ports/identity.ts';
import type { RootKey } from './secrets.ts';

/** The directory with the administrator's key added: on a strict server the only key that exists before others are made. */
export function withRootKey(directory: CredentialDirectory, rootKey: RootKey, account: string): CredentialDirectory {
  const credential: IssuedCredential = { ...rootKey, active: true, caller: rootOf(account) };
  return {
    findCredential: async (accessKeyId) => (accessKeyId === rootKey.accessKeyId ? credential : await directory.findCredential(accessKeyId)),
    policiesOf: (caller, issued) => directory.policiesOf(caller, issued),
    isControlled: (account) => directory.isControlled?.(account) ?? false,
  };
}
