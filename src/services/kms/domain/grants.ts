import type { GrantRow } from '../store.ts';
import type { EncryptionContext } from './encryptionContext.ts';

// Encryption context constraints speak of operations that take an encryption context (API reference, GrantConstraints).
const contextOperations = new Set([
  'Encrypt',
  'Decrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
]);

/** Whether a grant allows its grantee an operation with this encryption context. */
export function grantCovers({ operations, constraints }: GrantRow, operation: string, context: EncryptionContext | undefined): boolean {
  if (!operations.includes(operation)) return false;
  if (constraints === undefined || !contextOperations.has(operation)) return true;
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = constraints;
  const given = context ?? {};
  if (equals !== undefined && !(Object.keys(equals).length === Object.keys(given).length && holds(equals, given))) return false;
  return subset === undefined || holds(subset, given);
}

/** Whether a grant may be made by somebody who has only `own` (developer guide, "Granting CreateGrant permission"): its operations, its constraints or narrower ones. */
export function grantIncludes(own: GrantRow, { operations, constraints }: Pick<GrantRow, 'operations' | 'constraints'>): boolean {
  if (!operations.every((name) => own.operations.includes(name))) return false;
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = own.constraints ?? {};
  const given = { ...constraints?.EncryptionContextSubset, ...constraints?.EncryptionContextEquals };
  if (subset !== undefined && !holds(subset, given)) return false;
  const exact = constraints?.EncryptionContextEquals;
  return equals === undefined || (exact !== undefined && Object.keys(exact).length === Object.keys(equals).length && holds(equals, exact));
}

function holds(wanted: EncryptionContext, given: EncryptionContext): boolean {
  return Object.entries(wanted).every(([name, value]) => Object.hasOwn(given, name) && given[name] === value);
}
