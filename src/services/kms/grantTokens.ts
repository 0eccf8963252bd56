import { equalText } from '../../base/equalText.ts';
import { errors } from './errors.ts';
import type { Vault } from './vault.ts';

export interface GrantPlace {
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly grantId: string;
}

/** Grants act at once here, so a token is only another name of its grant. */
export function makeGrantToken(vault: Vault, { account, region, keyId, grantId }: GrantPlace): string {
  const text = [account, region, keyId, grantId].join('\n');
  return `${Buffer.from(text).toString('base64url')}.${vault.sign(text)}`;
}

export function readGrantToken(vault: Vault, token: string): GrantPlace {
  const [encoded = '', signature = ''] = token.split('.');
  const text = Buffer.from(encoded, 'base64url').toString('utf8');
  if (!equalText(signature, vault.sign(text))) throw errors.invalidGrantToken();
  const [account = '', region = '', keyId = '', grantId = ''] = text.split('\n');
  return { account, region, keyId, grantId };
}
