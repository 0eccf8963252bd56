import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { PasswordPolicyRow } from '../resourceStore.ts';

/** A password as it is kept. */
export interface HashedPassword {
  readonly hash: string;
  readonly salt: string;
}

const derive = promisify<string, Buffer, number, Buffer>(scrypt);

export async function hashPassword(password: string, salt: Buffer): Promise<HashedPassword> {
  return { hash: (await derive(password, salt, 32)).toString('base64'), salt: salt.toString('base64') };
}

export async function isPassword(password: string, { hash, salt }: HashedPassword): Promise<boolean> {
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64'), 32), Buffer.from(hash, 'base64'));
}

/** What a password lacks by the account's policy, or by the default one where there is none; undefined when it will do. */
export function findWeakness(password: string, policy: PasswordPolicyRow | undefined): string | undefined {
  // User guide, "Default password policy": 8 characters, three of the four kinds.
  const lengthMin = policy?.MinimumPasswordLength ?? 8;
  if (password.length < lengthMin) return `Password should have a minimum length of ${lengthMin}`;
  const lacks = [
    { isLacking: !/[A-Z]/.test(password), isRequired: policy?.RequireUppercaseCharacters, what: 'one uppercase letter' },
    { isLacking: !/[a-z]/.test(password), isRequired: policy?.RequireLowercaseCharacters, what: 'one lowercase letter' },
    { isLacking: !/\d/.test(password), isRequired: policy?.RequireNumbers, what: 'one number' },
    // API reference, UpdateAccountPasswordPolicy, RequireSymbols: these and no others count.
    { isLacking: !/[!@#$%^&*()_+\-=[\]{}|']/.test(password), isRequired: policy?.RequireSymbols, what: 'one of the following symbols: ! @ # $ % ^ & * ( ) _ + - = [ ] { } | \'' },
  ].filter(({ isLacking }) => isLacking);
  if (!policy) return lacks.length > 1 ? `Password should have at least ${lacks[0]?.what}` : undefined;
  const lacking = lacks.find(({ isRequired }) => isRequired === true);
  return lacking && `Password should have at least ${lacking.what}`;
}
